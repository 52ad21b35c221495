"""The fixtures of a course that a fake grader grades."""

from tests.examiner.course.fakes import grade_all, grader, root

__all__ = ["grade_all", "grader", "root"]
