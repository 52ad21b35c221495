"""The grading of one submission: answers in the sandbox, tests in the engine's child, outputs rendered.

The one rule: provided cells run on both sides, answers only in the sandbox, tests only in the engine.
"""

from examiner.grading.grader import Grader
from examiner.kernel import TimeBudget

__all__ = ["Grader", "TimeBudget"]
