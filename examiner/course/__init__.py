"""The rooms' connection to nbgrader: configuration and preprocessors, gradebook, grading of a class, results, report.

nbgrader is imported here and in `examiner.notebooks.merge`, and nowhere else.
"""

from examiner.course.class_run import ClassRun
from examiner.course.folders import Course
from examiner.course.options import Examiner
from examiner.course.preprocessors import Grade, Merge, SaveGrades, ShowGrades, configure
from examiner.course.report import UNPROTECTED, ClassReport, as_html, class_report
from examiner.course.results import Results

__all__ = [
    "UNPROTECTED",
    "ClassReport",
    "ClassRun",
    "Course",
    "Examiner",
    "Grade",
    "Merge",
    "Results",
    "SaveGrades",
    "ShowGrades",
    "as_html",
    "class_report",
    "configure",
]
