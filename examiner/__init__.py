"""The examiner: a grader that extends nbgrader, and is independent of what a course teaches."""

from examiner._exceptions import ExaminerError, NeedsHumanError

__all__ = ["ExaminerError", "NeedsHumanError", "__version__"]

__version__ = "0.1.0"
