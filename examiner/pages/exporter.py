"""nbgrader's way to the feedback: ``nbgrader generate_feedback`` and formgrader write the same pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode

from examiner.course import Course
from examiner.pages.feedback import KEPT, NotebookPage, as_index, as_page, left_out_of, points_of, student_pages
from examiner.removal import remove_folder

__all__ = ["FeedbackExporter"]


class FeedbackExporter(Exporter):
    """Takes the place of nbconvert's HTML: ``c.GenerateFeedback.exporter_class``."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._student: tuple[str, str] | None = None
        self._pages: list[NotebookPage] = []
        self._points: dict[str, float] = {}
        self._left_out: tuple[str, ...] = ()

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[str, dict[str, Any]]:
        """The page of a notebook; the overview of all notebooks is written beside it."""
        who = resources["nbgrader"]
        if self._student != (who["student"], who["assignment"]) or who["notebook"] == self._pages[0].name:
            course = Course.configured(who["assignment"], self.config, who["db_url"])
            self._pages = student_pages(course, who["student"])
            self._points = points_of(course)
            self._left_out = left_out_of(course, who["student"])
            self._student = who["student"], who["assignment"]
            _leave_only_pages(course.feedback(who["student"]))
        page = next(page for page in self._pages if page.name == who["notebook"])
        index = as_index(self._pages, self._points, self._left_out)
        resources.setdefault("outputs", {})["index.html"] = index.encode()
        resources["output_extension"] = self.file_extension
        return as_page(page), resources


def _leave_only_pages(folder: Path) -> None:
    """Remove what nbgrader has copied: the toolkit, the student's files."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            remove_folder(entry)
        elif entry.suffix != ".html" and entry.name not in KEPT:
            entry.unlink()
