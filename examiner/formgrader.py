"""An extension of Jupyter Server: formgrader's autograde button grades in another process, and its pages stay open.

nbgrader's own handler grades in the server's only thread, which answers nobody meanwhile. This one takes its route:
Jupyter Server loads extensions in the order of their names, and the first handler of a route is the one that serves it.
"""

from __future__ import annotations

import asyncio
import atexit
import json
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any

from jupyter_server.utils import url_path_join
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import apihandlers
from nbgrader.server_extensions.formgrader.base import check_notebook_dir, check_xsrf
from tornado import web
from traitlets.config import Config

from examiner.workers import LocalWorkers

__all__ = ["AutogradeHandler", "autograde"]

ROUTE = r"/formgrader/api/submission/([^/]+)/([^/]+)/autograde"
ENDED = "The process that grades has ended: press the button again."


def autograde(config: Config, assignment: str, student: str) -> dict[str, Any]:
    """Grade one submission as formgrader does, in this process.

    Parameters
    ----------
    config : traitlets.config.Config
        What ``nbgrader_config.py`` says.
    assignment, student : str

    Returns
    -------
    dict
        nbgrader's ``success``, ``log`` and ``error``.
    """
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    found: dict[str, Any] = api.autograde(assignment, student)
    return found


class AutogradeHandler(apihandlers.AutogradeHandler):
    """Answers when the submission is graded; one is graded at a time, and others are answered meanwhile."""

    @web.authenticated
    @check_xsrf
    @check_notebook_dir
    async def post(self, assignment: str, student: str) -> None:
        """Grade a submission."""
        config = self.api.parent.config  # read anew from its files
        try:
            answer = await asyncio.wrap_future(_grading().submit(autograde, config, assignment, student))
        except BrokenProcessPool:
            answer = {"success": False, "error": ENDED}
        self.write(json.dumps(answer))


@cache
def _grading() -> LocalWorkers:
    workers = LocalWorkers(1)
    atexit.register(workers.close)
    return workers


def _load_jupyter_server_extension(server: Any) -> None:
    route = url_path_join(server.web_app.settings["base_url"], ROUTE)
    server.web_app.add_handlers(".*$", [(route, AutogradeHandler)])


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "examiner.formgrader"}]
