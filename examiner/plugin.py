"""What nbgrader's configuration and its commands name.

``from examiner.plugin import configure; configure(c)`` switches the examiner on, and
``nbgrader export --exporter examiner.plugin.CanvasExport`` writes what `examiner export` does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin
from traitlets import Unicode

from examiner._exceptions import ExaminerError
from examiner.course import Course, Grade, LatePolicy, Merge, Results, SaveGrades, configure
from examiner.exchange import read_roster, write_scores

__all__ = ["CanvasExport", "CsvExport", "Grade", "LatePolicy", "Merge", "MoodleExport", "SaveGrades", "configure"]


class CsvExport(ExportPlugin):
    """Everybody's status, scores, bonus and lateness, for a spreadsheet."""

    form = "csv"
    roster = Unicode("", help="CSV file of the class; empty for none.").tag(config=True)

    def export(self, gradebook: Any) -> None:
        """Write a file for each assignment.

        Parameters
        ----------
        gradebook : nbgrader.api.Gradebook
        """
        names = [str(name) for name in self.assignment] or [each.name for each in gradebook.assignments]
        try:
            if self.to and len(names) != 1:
                raise ExaminerError(f"--to names one file: name one assignment of {', '.join(names)}.")
            for name in names:
                self._write(name, Path(self.to or f"{name}-{self.form}.csv"))
        except ExaminerError as error:
            sys.exit(f"nbgrader: {error}")

    def _write(self, name: str, path: Path) -> None:
        results = Results(Course.load(name, start=Path(self.parent.coursedir.root)))
        wanted = {str(student) for student in self.student}
        students = [student for student in results.students() if not wanted or student in wanted]
        roster = read_roster(Path(self.roster)).of(results.students()) if self.roster else None
        write_scores(self.form, results, path, roster, students)
        self.log.info("Scores of %d students: %s", len(students), path)


class CanvasExport(CsvExport):
    """What Canvas imports."""

    form = "canvas"


class MoodleExport(CsvExport):
    """What Moodle imports."""

    form = "moodle"
