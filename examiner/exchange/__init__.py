"""The way in and out: downloads of learning platforms, the roster of a class, and files of scores.

Every file that somebody else has made is checked before anything is written.
"""

from examiner.exchange.downloads import Collected, collect
from examiner.exchange.export import FORMATS, exported, write_scores
from examiner.exchange.roster import Person, Roster, read_roster
from examiner.exchange.single import RESULTS, Single, grade_one

__all__ = [
    "FORMATS",
    "RESULTS",
    "Collected",
    "Person",
    "Roster",
    "Single",
    "collect",
    "exported",
    "grade_one",
    "read_roster",
    "write_scores",
]
