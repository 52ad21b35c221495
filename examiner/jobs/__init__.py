"""The grading of one submission as a job: by value, in this process, in a worker or on another machine.

`grade_submission` takes a submission and gives graded notebooks; `digest_of` hashes all that they depend on.
"""

from examiner.jobs.bundle import Bundle, Machine, bundled, grade_elsewhere, machine
from examiner.jobs.digest import digest_of
from examiner.jobs.submission import LOST, GradedSubmission, Work, grade, grade_submission, grader_for, merge, reason_of

__all__ = [
    "LOST",
    "Bundle",
    "GradedSubmission",
    "Machine",
    "Work",
    "bundled",
    "digest_of",
    "grade",
    "grade_elsewhere",
    "grade_submission",
    "grader_for",
    "machine",
    "merge",
    "reason_of",
]
