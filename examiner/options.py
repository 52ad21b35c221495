"""The options of ``c.Examiner`` in nbgrader_config.py."""

from __future__ import annotations

from traitlets import Bool, Dict, Enum, Float, Integer, Unicode
from traitlets.config import Configurable

from examiner.assignment import Assignment
from examiner.settings import MIB, SEED, Figures, Isolation, Limits, Options, Timing

__all__ = ["Examiner"]


class Examiner(Configurable):
    """How submissions are graded: ``c.Examiner.<option>`` in nbgrader_config.py."""

    isolation = Enum(
        ["bubblewrap", "none"],
        "bubblewrap",
        help="What isolates submitted code. 'none' isolates nothing: only for code that you trust.",
    ).tag(config=True)
    seed = Integer(SEED, min=0, help="Seed of the hidden inputs, the same for every student of a run.").tag(config=True)
    cell_seconds = Float(Timing.cell, help="Time limit of one cell of a submission.").tag(config=True)
    call_seconds = Float(Timing.call, help="Time limit of one call of an answer by a test.").tag(config=True)
    notebook_seconds = Float(Timing.notebook, help="Time limit of one notebook.").tag(config=True)
    student_seconds = Float(Timing.student, help="Time limit of all notebooks of one submission together.").tag(
        config=True
    )
    memory = Integer(Limits.memory // MIB, help="MiB of memory that a submission's processes may use together.").tag(
        config=True
    )
    processes = Integer(Limits.processes, help="Processes and threads that a submission may have.").tag(config=True)
    disk = Integer(Limits.disk // MIB, help="MiB that a submission may write to its scratch folder.").tag(config=True)
    diagnosis = Bool(True, help="Whether lost points are diagnosed by the catalogue.").tag(config=True)
    figures = Enum(
        ["submitted", "drawn"],
        "submitted",
        help="Pictures below free cells. 'submitted': those of the submission, where a cell has any; they are not "
        "drawn again, and cells of the course that only show something do not run. 'drawn': all are drawn while the "
        "submission is graded.",
    ).tag(config=True)
    show_mark_schemes = Bool(False, help="Whether students' feedback shows the mark schemes of written answers.").tag(
        config=True
    )
    data_dir = Unicode(
        "",
        help="Folder of the data sets, read-only in the sandbox. Empty: the folder in the environment variable that "
        "the assignment's entry names, else its folder in the user's cache.",
    ).tag(config=True)
    assignments = Dict(
        help="What the examiner needs to know about each assignment, by name: a dict with the optional keys 'toolkit', "
        "'catalogue', 'environment', 'data_folder', 'data_sets', 'files' and 'late'. See docs/your-own-course.md.",
    ).tag(config=True)

    def options(self, assignment: Assignment) -> Options:
        """The options with which an assignment is graded.

        Parameters
        ----------
        assignment : Assignment

        Returns
        -------
        Options

        Raises
        ------
        ConfigurationError
            `data_dir` or the environment names a folder that does not exist.
        """
        limits = Limits(memory=self.memory * MIB, processes=self.processes, disk=self.disk * MIB)
        timing = Timing(
            cell=self.cell_seconds,
            call=self.call_seconds,
            notebook=self.notebook_seconds,
            student=self.student_seconds,
        )
        isolation: Isolation = "none" if self.isolation == "none" else "bubblewrap"
        figures: Figures = "drawn" if self.figures == "drawn" else "submitted"
        data_dir = assignment.data_dir(self.data_dir)
        return Options(isolation, self.seed, timing, limits, data_dir, self.diagnosis, figures)
