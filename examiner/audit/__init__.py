"""Tests of the tests: the catalogue and mutants of the reference graded instead of students, and sample classes.

Everything here is trusted code; it runs in the engine without a sandbox.
"""

from examiner.audit.auditor import Audit, audit, misnamed_rate
from examiner.audit.sample_class import write_class
from examiner.audit.students import Student, find_entry, write_submissions

__all__ = ["Audit", "Student", "audit", "find_entry", "misnamed_rate", "write_class", "write_submissions"]
