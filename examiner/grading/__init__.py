"""The grading of one notebook: answers in the sandbox, tests in the engine's child, outputs rendered.

The one rule: provided cells run on both sides, answers only in the sandbox, tests only in the engine.
"""

from examiner.grading.grader import Grader
from examiner.grading.student import StudentSide

__all__ = ["Grader", "StudentSide"]
