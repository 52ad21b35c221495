"""The rooms' connection to nbgrader: configuration and preprocessors, gradebook, grading of a class, results.

nbgrader is imported here, in `examiner.notebooks.merge` and in `examiner.plugin`, and nowhere else.
"""

from examiner.course.class_run import ClassRun, RunReport, SlowCell, slowest
from examiner.course.folders import Course, id_fault, read_submitted
from examiner.course.gradebook import CellGrade, HandMark, NotebookGrades, read_comments, read_grades, save_by_hand
from examiner.course.penalties import LatePolicy, refresh_penalties
from examiner.course.preprocessors import Grade, Merge, SaveGrades, ShowGrades, configure
from examiner.course.results import NOT_GRADED, Results, data_sets, graded_notebooks

__all__ = [
    "NOT_GRADED",
    "CellGrade",
    "ClassRun",
    "Course",
    "Grade",
    "HandMark",
    "LatePolicy",
    "Merge",
    "NotebookGrades",
    "Results",
    "RunReport",
    "SaveGrades",
    "ShowGrades",
    "SlowCell",
    "configure",
    "data_sets",
    "graded_notebooks",
    "id_fault",
    "read_comments",
    "read_grades",
    "read_submitted",
    "refresh_penalties",
    "save_by_hand",
    "slowest",
]
