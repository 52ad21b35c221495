"""The reference answers, for hidden tests: the door of test cells to the examiner."""

from examiner.engine import reference_answers

__all__ = ["reference_answers"]
