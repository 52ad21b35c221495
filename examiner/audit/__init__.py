"""Tests of the tests: the catalogue and mutants of the reference graded instead of students, and sample classes.

Everything here is trusted code; it runs in the engine without a sandbox.
"""

from examiner.audit.students import Student

__all__ = ["Student"]
