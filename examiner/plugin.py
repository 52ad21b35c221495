"""What `nbgrader_config.py` switches on: the door of a course's configuration to the examiner."""

from examiner.course.preprocessors import Grade, KeepTrainingOutput, Merge, SaveGrades

__all__ = ["Grade", "KeepTrainingOutput", "Merge", "SaveGrades"]
