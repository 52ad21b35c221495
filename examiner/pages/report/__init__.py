"""The class report: a row with a reason for every student, what went wrong, and what needs a person.

`report.js` sorts and filters its tables; the template is in the folder above.
"""

from examiner.pages.report.class_report import UNPROTECTED, ClassReport, anonymous, class_report
from examiner.pages.report.earlier import Earlier, as_json, read_earlier
from examiner.pages.report.page import as_html

__all__ = [
    "UNPROTECTED",
    "ClassReport",
    "Earlier",
    "anonymous",
    "as_html",
    "as_json",
    "class_report",
    "read_earlier",
]
