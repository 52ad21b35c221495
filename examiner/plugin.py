"""The door of a course's configuration to the examiner: ``from examiner.plugin import configure; configure(c)``."""

from examiner.course import Grade, Merge, SaveGrades, configure

__all__ = ["Grade", "Merge", "SaveGrades", "configure"]
