"""What the pages tell a reader to type."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

CHECK = """
from toolkit import earlier, hints, matching, naming, traces
from toolkit.checks import Checks

check = Checks("squares", points=2)
with check("small numbers", weight=1) as c:
    c.close("out", [1, 4, 8], [1, 4, 9], tol=1e-9)
assert check.score == 0
"""


def test_the_toolkit_that_a_course_copies_is_whole(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "your-own-course.md").read_text()
    block = re.search(r"(?:^    .*source/ps1/toolkit.*\n|^    cd <clone>.*\n)+", page, re.MULTILINE)
    assert block is not None
    course = tmp_path / "course"
    (course / "source" / "ps1").mkdir(parents=True)
    commands = block[0].replace("<clone>", str(ROOT)).replace("<course>", str(course))
    subprocess.run(["bash", "-e", "-c", commands], cwd=course, check=True)
    program = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{CHECK}"]
    done = subprocess.run(program, cwd=course / "source" / "ps1", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "received 8, expected 9" in done.stdout
