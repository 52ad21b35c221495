"""Lines that only fail while a notebook is graded are made to do nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examiner.kernel import Cell, KernelHost, Session
from examiner.settings import Timing


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session of a real kernel."""
    made = Session(lambda: KernelHost("none", {}).start(), {}, Timing(cell=20))
    yield made
    made.close()


@pytest.mark.parametrize(
    "line",
    [
        "from google.colab import drive\ndrive.mount('/content/drive')",
        "import google.colab\ngoogle.colab.files.download('x')",
        "from google.colab.patches import cv2_imshow",
        "from google.colab import auth, userdata\nauth.authenticate_user()\nuserdata.get('KEY')",
        "name = input('Your name? ')\nassert name == ''",
        "import getpass\ngetpass.getpass('Token: ')",
        "breakpoint()",
        "import pdb\npdb.set_trace()",
        "from IPython.core.debugger import set_trace\nset_trace()",
        "%matplotlib widget",
        "%matplotlib notebook",
        "import matplotlib\nmatplotlib.use('QtAgg')",
        "import matplotlib.pyplot as plt\nplt.switch_backend('TkAgg')",
        "%load_ext autoreload\n%autoreload 2",
        "%tensorflow_version 2.x",
        "%pip install numpy",
        "!pip install numpy",
    ],
)
def test_a_harmless_line_does_not_end_its_cell(line: str, session: Session) -> None:
    outputs = session.run(Cell("answer", f"{line}\nprint('reached', 6 * 7)"))
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("reached 42" in output.get("text", "") for output in outputs)


def test_a_backend_stays_whenever_it_is_asked_for(session: Session) -> None:
    lines = (
        "import matplotlib",
        "matplotlib.use('QtAgg')",
        "import matplotlib.pyplot as plt",
        "plt.switch_backend('TkAgg')",
    )
    for line in (*lines, "import importlib\nimportlib.reload(matplotlib)\nmatplotlib.use('QtAgg')"):
        outputs = session.run(Cell("answer", line))
        assert not [output for output in outputs if output.output_type == "error"]
    assert "inline" in str(session.run(Cell("answer", "print(matplotlib.get_backend())")))


def test_figures_are_still_drawn(session: Session) -> None:
    source = "%matplotlib widget\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    outputs = session.run(Cell("figure", source))
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("line", ["import no_such_module", "from google.colab import 1", "%%no_such_cell_magic\n1"])
def test_what_is_really_missing_still_fails(line: str, session: Session) -> None:
    outputs = session.run(Cell("answer", line))
    text = str(outputs)
    assert "ModuleNotFoundError" in text or "SyntaxError" in text or "not found" in text


def test_other_shell_commands_work(session: Session) -> None:
    assert "hello" in str(session.run(Cell("shell", "!echo hello")))
