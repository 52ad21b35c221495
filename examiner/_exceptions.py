"""Everything that the examiner raises on purpose.

ExaminerError               a sentence that says what happened and what to do
├── CourseNotFoundError     no nbgrader_config.py above the working folder, or no such assignment
├── ConfigurationError      nbgrader_config.py has an impossible value
├── CatalogueError          an entry of the catalogue does not fit its answer
├── IsolationError          this machine cannot keep submitted code apart as asked for
├── SandboxError            a sandbox did not start, or was used wrongly
├── ProtocolError           a kernel sends what no kernel sends, or nothing any more
├── AnswerStoppedError      an answer was not graded: it hit a limit, or ended its kernel
├── CheckTimeoutError       a test took too long to check the returned values
├── EngineError             the engine's process did not start, ended, or was used wrongly
│   ├── ChildEndedError     a child of the engine ended before it had answered
│   └── ChildTimeoutError   a child of the engine took too long and was killed
├── WorkerLostError         worker processes ended while they worked on a submission
├── GradingFaultError       the grader's own work failed: never the student's zero
├── DamagedNotebookError    a submitted file is not a notebook, or too large
├── GradebookError          the gradebook does not fit the source notebooks, or cannot be written
├── OutcomeError            the record of a graded notebook has another version, or is damaged
└── NeedsHumanError         raised in a test cell: a person has to grade it
"""

from __future__ import annotations


class ExaminerError(Exception):
    """Base of all errors of the examiner."""


class CourseNotFoundError(ExaminerError):
    """The working folder does not belong to a course."""


class ConfigurationError(ExaminerError):
    """A value in `nbgrader_config.py`, or a variable of the environment, is impossible."""


class CatalogueError(ExaminerError):
    """An entry of the catalogue does not fit the answer that it replaces."""


class IsolationError(ExaminerError):
    """The machine cannot isolate submitted code as requested: why, and what to do about it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(f"{why}: {remedy}, or grade code that you trust by examiner autograde --isolation none.")
        self.why, self.remedy = why, remedy


class SandboxError(ExaminerError):
    """A sandbox did not start, or was used wrongly."""


class ProtocolError(ExaminerError):
    """A kernel sends invalid messages, or stopped sending."""


class AnswerStoppedError(ExaminerError):
    """An answer was not graded: it hit a limit, or ended its kernel."""


class CheckTimeoutError(ExaminerError):
    """A test took too long to check the returned values."""


class EngineError(ExaminerError):
    """The engine's process did not start, ended, or was used wrongly."""


class ChildEndedError(EngineError):
    """A child of the engine ended before it had answered."""


class ChildTimeoutError(EngineError):
    """A child of the engine took too long and was killed."""


class WorkerLostError(ExaminerError):
    """Worker processes ended, one after the other, while they worked on the same submission."""


class GradingFaultError(ExaminerError):
    """The grader's own work failed, such as a test cell: never a zero for the student."""


class GradebookError(ExaminerError):
    """The gradebook does not fit the source notebooks, or cannot be written."""


class OutcomeError(ExaminerError):
    """The record of a graded notebook has another version, or is damaged."""


class NeedsHumanError(ExaminerError):
    """Raised in a test cell whose points only a person can decide."""


class DamagedNotebookError(ExaminerError):
    """A submitted file is not a notebook, or is too large: the message completes "the file is …"."""
