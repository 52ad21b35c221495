"""JupyterHub as `docs/deployment.md` configures it: a course from release to feedback, through nbgrader's exchange."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests
from nbgrader.api import Gradebook

from examiner.notebooks import fill_in, solutions
from tests.conftest import ROOT
from tests.examiner.small import needs_bubblewrap, source_notebook, write_class

pytestmark = [
    pytest.mark.long,
    needs_bubblewrap,
    pytest.mark.skipif(find_spec("jupyterhub") is None, reason="JupyterHub is missing: pip install jupyterhub"),
]

COURSE = "neural_networks_from_scratch"
PASSWORD = "a password of this test"
SECONDS = 120
PAGE = ROOT / "docs" / "deployment.md"
PROXY = "configurable-http-proxy"
TESTS = ("double", "square", "Net")

HUB = """
# This machine has one account for everybody, who may be root.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = {password!r}
c.Authenticator.allowed_users.add("eve")  # not in the course
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{root}/home/{{username}}"
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {{"JUPYTER_CONFIG_PATH": "{root}/etc/students"}}
own = {{"JUPYTER_CONFIG_PATH": "{root}/etc/jupyter", "HOME": "{root}/home/grader", "JUPYTERHUB_USER": "grader"}}
formgrader = c.JupyterHub.services[0]
formgrader["user"] = ""
formgrader["cwd"] = "{root}/course"
formgrader["command"].append("--allow-root")
formgrader["environment"].update(own)
# Free ports.
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
formgrader["url"] = "http://127.0.0.1:{ports[3]}"
"""
"""What the test's machine has in place of the page's."""
NBGRADER = '\nc.Exchange.root = "{root}/exchange"\n'


def configuration(title: str) -> str:
    """A configuration, as the page has it: its block begins with this comment."""
    (found,) = re.findall(rf"```python\n# {title}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def proxy() -> str:
    """The proxy of JupyterHub: this machine's, or one that npm installs into `.cache/`."""
    if found := shutil.which(PROXY):
        return found
    folder = ROOT / ".cache" / "npm"
    program = folder / "node_modules" / ".bin" / PROXY
    if not program.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"{PROXY} and npm are missing: apt-get install npm")
        (package,) = [word for word in PAGE.read_text().split() if word.startswith(f"{PROXY}@")]
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", folder, package], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"npm cannot install {package}: {done.stderr[-300:]}")
    return str(program)


@dataclass
class Visitor:
    """Somebody's browser, logged in to the hub.

    Parameters
    ----------
    address : str
        The hub's.
    name : str
        Their account.
    first : str
        The page that they open first. The hub's own page starts their JupyterLab.
    session : requests.Session
        Their cookies.
    """

    address: str
    name: str
    first: str = "hub/login"
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        page = self.get(self.first)
        form = {"username": self.name, "password": PASSWORD, "_xsrf": self.token("/hub/")}
        page = self.session.post(page.url, data=form, timeout=SECONDS)
        assert page.ok, page.text

    def token(self, path: str) -> str:
        """What a server wants to see again in each request that changes something."""
        return next(
            cookie.value or "" for cookie in self.session.cookies if (cookie.name, cookie.path) == ("_xsrf", path)
        )

    def get(self, path: str) -> requests.Response:
        """Open a page."""
        return self.session.get(self.address + path, timeout=SECONDS)

    def wait(self) -> None:
        """Wait until their JupyterLab has started."""
        end = time.monotonic() + SECONDS
        while not (page := self.get(f"user/{self.name}/lab")).ok or "/hub/" in page.url:
            assert time.monotonic() < end, page.text
            time.sleep(0.5)

    def ask(self, server: str, path: str, method: str = "GET", body: Any = None) -> Any:
        """Ask a server, as its pages do."""
        headers = {"X-XSRFToken": self.token(f"/{server}")} if method != "GET" else {}
        url = self.address + server + path
        answer = self.session.request(method, url, json=body, headers=headers, timeout=SECONDS)
        assert answer.ok, answer.text
        return answer.json()

    def lab(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Ask their JupyterLab."""
        return self.ask(f"user/{self.name}/", path, method, body)

    def formgrader(self, path: str, method: str = "GET") -> Any:
        """Ask formgrader; an action must succeed."""
        answer = self.ask(f"services/{COURSE}/", f"formgrader/api/{path}", method)
        assert method == "GET" or answer["success"], answer
        return answer

    def exchange(self, action: str) -> list[Any]:
        """Press a button of JupyterLab's list of assignments, and read the list."""
        answer = self.lab(f"assignments/{action}", "POST", {"course_id": COURSE, "assignment_id": "small"})
        assert answer["success"], answer
        return list(answer["value"])

    def listed(self) -> list[Any]:
        """The list of assignments."""
        return list(self.lab(f"assignments?course_id={COURSE}")["value"])

    def work(self, answers: dict[str, str]) -> None:
        """Write all answers, these in place of the right ones, and save."""
        path = "api/contents/small/one.ipynb"
        notebook = nbformat.from_dict(self.lab(path)["content"])
        done = fill_in(notebook, {**solutions(source_notebook()), **answers})
        self.lab(path, "PUT", {"type": "notebook", "format": "json", "content": done})


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(each.getsockname()[1]) for each in taken]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, proxy: str) -> Path:
    """What is in the folders of the hub's machine: configuration, the course, homes."""
    root = tmp_path_factory.mktemp("hub")
    for folder in ("etc/jupyter", "etc/students", "home/grader", "exchange", "course"):
        (root / folder).mkdir(parents=True)
    write_class(root / "course", {})
    with (root / "course" / "nbgrader_config.py").open("a") as config:
        config.write('c.Examiner.isolation = "bubblewrap"\n')
    ports = free_ports(4)
    here = HUB.format(root=root, ports=ports, proxy=proxy, password=PASSWORD)
    (root / "jupyterhub_config.py").write_text(configuration("/etc/jupyterhub/jupyterhub_config.py") + here)
    nbgrader = configuration("/etc/jupyter/nbgrader_config.py") + NBGRADER.format(root=root)
    students = configuration("nbgrader_config.py of students in containers")
    (root / "etc" / "jupyter" / "nbgrader_config.py").write_text(nbgrader)
    (root / "etc" / "students" / "nbgrader_config.py").write_text(nbgrader + students)
    (root / "port").write_text(str(ports[0]))
    return root


@pytest.fixture(scope="module")
def hub(root: Path) -> Iterator[str]:
    """The address of a running JupyterHub."""
    address = f"http://127.0.0.1:{(root / 'port').read_text()}/"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(root / "home")}
    call = [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"]
    with (root / "log").open("w") as log:
        server = subprocess.Popen(call, cwd=root, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + SECONDS
        while not answers(f"{address}services/{COURSE}/"):
            assert server.poll() is None, (root / "log").read_text()
            assert time.monotonic() < end, (root / "log").read_text()
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()  # the hub ends the proxy, formgrader and everybody's JupyterLab
        server.wait(SECONDS)
        left = root / "jupyterhub-proxy.pid"
        if left.exists():  # the hub was ended while it started
            os.kill(int(left.read_text()), signal.SIGTERM)


def answers(address: str) -> bool:
    """Whether somebody answers there."""
    try:
        return requests.get(address, timeout=SECONDS, allow_redirects=False).status_code < 400
    except requests.ConnectionError:
        return False


@dataclass(frozen=True)
class Term:
    """A course of which an assignment was released, submitted, graded and returned."""

    course: Path
    ada: Visitor
    eve: Visitor
    pages: dict[str, str]
    """The feedback that each student reads."""


@pytest.fixture(scope="module")
def term(hub: str, root: Path) -> Term:
    """Everything from release to feedback: Ada has one answer wrong, Ben none, and Eve is not in the course."""
    grace = Visitor(hub, "grace", f"services/{COURSE}/")
    ada, ben, eve = students = [Visitor(hub, name) for name in ("ada", "ben", "eve")]
    for student in students:
        student.wait()
    grace.formgrader("assignment/small/assign", "POST")
    grace.formgrader("assignment/small/release", "POST")
    for student, given in ((ada, {"double": "def double(x):\n    return x"}), (ben, {})):
        assert [each["status"] for each in student.listed()] == ["released"]
        assert [each["status"] for each in student.exchange("fetch")] == ["fetched"]
        student.work(given)
        student.exchange("submit")
    grace.formgrader("assignment/small/collect", "POST")
    for student in (ada, ben):
        grace.formgrader(f"submission/small/{student.name}/autograde", "POST")
    grace.formgrader("assignment/small/generate_feedback", "POST")
    grace.formgrader("assignment/small/release_feedback", "POST")
    return Term(root / "course", ada, eve, {student.name: feedback(student) for student in (ada, ben)})


def feedback(student: Visitor) -> str:
    """Fetch a student's feedback, and open it in their JupyterLab."""
    (submitted,) = [each for each in student.exchange("fetch_feedback") if each["status"] == "submitted"]
    (submission,) = submitted["submissions"]
    folder = submission["local_feedback_path"]
    return student.get(f"user/{student.name}/files/{folder}/one.html").text


def test_the_examiner_graded_what_students_submitted(term: Term) -> None:
    with Gradebook(f"sqlite:///{term.course}/gradebook.db") as gradebook:
        marks = {
            name: [gradebook.find_grade(f"test_{each}", "one", "small", name).auto_score for each in TESTS]
            for name in term.pages
        }
    assert marks == {"ada": [0, 4, 4], "ben": [4, 4, 4]}
    graded = json.loads((term.course / "autograded" / "ada" / "small" / "one.ipynb").read_text())["metadata"][
        "examiner"
    ]
    assert graded["isolation"] == "bubblewrap"
    assert graded["tests"]["test_double"]["score"] == 0.0


def test_students_read_their_own_scores(term: Term) -> None:
    assert "8 of 14" in term.pages["ada"]
    assert "12 of 14" in term.pages["ben"]


def test_students_do_not_get_into_formgrader(term: Term) -> None:
    assert term.ada.get(f"services/{COURSE}/formgrader/").status_code == 403


def test_others_get_nothing_of_the_course(term: Term) -> None:
    assert term.eve.listed() == []
    term.eve.exchange("fetch")
    assert term.eve.lab("api/contents")["content"] == []
