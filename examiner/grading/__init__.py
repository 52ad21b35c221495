"""The grading of one submission: answers in the sandbox, tests in the engine's child, outputs rendered.

The one rule: provided cells run on both sides, answers only in the sandbox, tests only in the engine.
"""

from examiner.grading.grader import Grader

__all__ = ["Grader"]
