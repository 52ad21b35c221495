"""The exceptions of this package.

DataError                   a data set cannot be used
└── DataNotAvailable        it is not on this machine: the download failed, or its package is not installed
DownloadError               no mirror delivered a valid file; callers see DataNotAvailable instead
"""

from __future__ import annotations


class DataError(Exception):
    """A data set cannot be used; the message names the file or folder, the reason and the remedy."""


class DataNotAvailable(DataError):  # noqa: N818 - students' notebooks catch it under this name
    """A data set is not on this machine: the download failed, or its package is not installed."""


class DownloadError(Exception):
    """No mirror delivered a valid file.

    Attributes
    ----------
    reason : str
        Why, as part of a sentence.
    remedy : str
        What to do about it, as part of a sentence.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.reason = reason
        self.remedy = remedy
