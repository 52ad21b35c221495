"""A class of two notebooks, and unexpected submissions to it: damaged, odd, hostile ones.

Each stranger names the line of docs/threat-model.md's or the README's promise that it tries in one word, and says which
tests do not have full marks, the status, and what its reason must say.
"""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from examiner.notebooks import fill_in, solutions
from tests.conftest import ROOT
from tests.examiner.small import cell, submission, write_course

TRIPLE = """
def triple(x):
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION
    raise NotImplementedError("Exercise 4: write triple")
"""
TOTAL = """
def total(x):
    ### BEGIN SOLUTION
    return float(triple(x).sum())
    ### END SOLUTION
    raise NotImplementedError("Exercise 5: write total")
"""
TEST_TRIPLE = """
check = Checks("triple", points=4)
with check("by hand", weight=1) as c:
    c.close("out", triple(np.array([1.0, -2.0])), [3.0, -6.0], tol=1e-9)
check.score
"""
TEST_TOTAL = """
check = Checks("total", points=4)
with check("by hand", weight=1) as c:
    c.close("out", total(np.array([1.0, 2.0])), 9.0, tol=1e-9)
check.score
"""
FULL = {"test_double": 4.0, "test_square": 4.0, "test_Net": 4.0, "test_triple": 4.0, "test_total": 4.0}
CONFIG = """
c.Examiner.assignments["small"] = {"toolkit": "toolkit", "environment": {"CHECKS_SEED": "{seed}"}, "files": ["w.npz"]}
c.Examiner.cell_seconds = c.Examiner.call_seconds = 3
"""


def second() -> NotebookNode:
    """The source of the second notebook: an exercise, and one that is built on it."""
    return new_notebook(
        cells=[
            cell("setup_two", "given", "import numpy as np\n\nfrom toolkit.checks import Checks"),
            cell("triple", "answer", TRIPLE),
            cell("test_triple", "test", TEST_TRIPLE),
            cell("total", "answer", TOTAL),
            cell("test_total", "test", TEST_TOTAL),
        ]
    )


def two(answers: Mapping[str, str] | None = None) -> NotebookNode:
    """A submission of the second notebook."""
    return fill_in(second(), {**solutions(second()), **(answers or {})})


def put(folder: Path, one: NotebookNode | bytes | None = None, other: NotebookNode | bytes | None = None) -> None:
    """Write both notebooks of a submission, honest ones by default."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"one": one or submission(), "two": other or two()}.items():
        if isinstance(content, bytes):
            (folder / f"{name}.ipynb").write_bytes(content)
        else:
            nbformat.write(content, folder / f"{name}.ipynb")


def write_strange_course(root: Path, isolation: str, more: str = "") -> None:
    """Write the course, without submissions."""
    source = write_course(root)
    nbformat.write(second(), source / "two.ipynb")
    own = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(f"{own}\n{CONFIG}\nc.Examiner.isolation = '{isolation}'\n{more}")
    for folder in ("submitted", "autograded", "feedback"):
        (root / folder).mkdir()


Make = Callable[[Path], None]


@dataclass(frozen=True)
class Stranger:
    """A submission, and its expected result."""

    line: str
    make: Make
    scores: Mapping[str, float | None] = field(default_factory=dict)
    said: str = "^$"
    status: str = "graded"
    long: bool = False
    """Whether a stranger of the same kind, or several at once, are tried in CI."""


STRANGERS: dict[str, Stranger] = {}
GOOD: dict[str, Make] = {
    "good1": put,
    "good2": lambda folder: put(folder, submission({"double": "def double(x):\n    return x + x"})),
    "good3": lambda folder: put(folder, submission({"double": "def double(x):\n    return x"})),
    "good4": lambda folder: put(folder, submission({}, "print('my own cell')"), two({"total": "def total(x): ..."})),
    "zoe": put,
}


def good(number: int) -> dict[str, Make]:
    """So many good students, who differ as the first ones do."""
    kinds = list(GOOD.items())
    drawn = ((*kinds[each % len(kinds)], each // len(kinds)) for each in range(number))
    return {f"{name}{turn or ''}": make for name, make, turn in drawn}


BLANK = dict.fromkeys(FULL)
BRIEFLY = {
    "utf16be", "latin1", "version3", "nofields", "oddlines", "lost-cut", "lost-deep", "lost-zlib", "cache-namedtuple",
    "cache-matrix", "cache-nested", "cache-objects", "as-partial", "name-kopie", "name-folder",
    "name-browser", "listed",
}  # fmt: skip
"""Of those of one kind, the ones that CI tries."""


def add(
    name: str,
    line: str,
    make: Make,
    said: str = "^$",
    status: str = "graded",
    long: bool = False,
    **scores: float | None,
) -> None:
    """Add a stranger."""
    assert name not in STRANGERS
    STRANGERS[name] = Stranger(line, make, scores, said, status, long)


def data(notebook: NotebookNode) -> dict[str, Any]:
    """A notebook as JSON holds it."""
    found: dict[str, Any] = json.loads(nbformat.writes(notebook))
    return found


def packed(content: Any, encoding: str = "utf-8") -> bytes:
    """JSON, with all letters as they are."""
    return json.dumps(content, ensure_ascii=False).encode(encoding)


def text(change: Callable[[dict[str, Any]], Any], encoding: str = "utf-8") -> bytes:
    """The first notebook, honest, after a change of its JSON."""
    content = data(submission())
    change(content)
    return packed(content, encoding)


def changed(name: str, what: Callable[[dict[str, Any]], Any], said: str, encoding: str = "utf-8") -> None:
    """Add a stranger whose first notebook's JSON is odd, and who loses nothing."""
    add(name, "B6", lambda folder: put(folder, text(what, encoding)), said, long=name not in BRIEFLY)


# ------------------------------------------------------------------------------ B5: split cells


def split(*sources: str) -> NotebookNode:
    """A submission in which several cells have the grade_id of one answer."""
    notebook = submission()
    place = next(number for number, each in enumerate(notebook.cells) if each.id == "double")
    made = [new_code_cell(source, metadata=notebook.cells[place].metadata) for source in sources]
    notebook.cells[place : place + 1] = made
    return notebook


add(
    "split3", "B5", lambda f: put(f, split("FACTOR = 3", "def double(x):\n    return 9 * x", "FACTOR = 2",
    "def double(x):\n    return FACTOR * x", "", "  \n")),
)  # fmt: skip
add("split-undone", "B5", lambda f: put(f, split("def double(x):\n    return 2 * x", "double = None")), test_double=0.0)

# ------------------------------------------------------------------- B6: encodings and nbformat


def _null_metadata(content: dict[str, Any]) -> None:
    content["metadata"] = None
    for each in content["cells"]:
        if each["id"] == "look":
            each["metadata"] = None


def _without(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        for each in content["cells"]:
            for name in names:
                each.pop(name, None)

    return change


def _version_3(content: dict[str, Any]) -> None:
    cells = content.pop("cells")
    for each in cells:
        if each["cell_type"] == "code":
            each["input"] = each.pop("source")
            each["language"] = "python"
    content |= {"nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells[:4]}, {"cells": cells[4:]}]}


def _odd_lines(content: dict[str, Any]) -> None:
    for each in content["cells"]:
        each["source"] = [None, *"".join(each["source"]).splitlines(keepends=True), 7]


def _twice(content: dict[str, Any]) -> None:
    for each in content["cells"]:
        each["id"] = "same"


changed("utf16be", lambda c: c["cells"].append({"cell_type": "markdown", "source": "naïve ✓"}), "UTF-16", "utf-16")
changed("utf32", lambda c: None, "UTF-32", "utf-32")
changed("latin1", lambda c: c["cells"].insert(0, {"cell_type": "markdown", "source": "Müller"}), "UTF-8", "latin-1")
changed("bom", lambda c: None, "byte order mark", "utf-8-sig")
changed("nometa", _null_metadata, "metadata")
changed("nofields", _without("outputs", "execution_count", "id"), "outputs")
changed("version3", _version_3, "nbformat 3")
changed("oddlines", _odd_lines, "^$")
changed("sameids", _twice, "^$")
changed("minor", lambda c: c.update(nbformat_minor="five", nbformat=4.0), "nbformat")
changed("cells5", lambda c: c.update(nbformat=[5], extra={"a": {}}), "nbformat")
changed("nan", lambda c: c["cells"][0]["metadata"].update(x=float("nan")), "numbers")
changed("lone", lambda c: c["cells"].append({"cell_type": "code", "source": "s = '\\ud800'"}), "without metadata")
_API = b'{"name": "one.ipynb", "type": "notebook", "format": "json", "content": '
for _name, _content, _said in [
    ("overwritten", text(lambda c: None) + text(lambda c: None)[3000:], "text behind its end"),
    ("bracket", text(lambda c: None) + b"\n}\n", "text behind its end"),
    ("contents-api", _API + text(lambda c: None) + b"}", "^$"),
]:
    add(_name, "B6", lambda f, content=_content: put(f, content), _said, long=_name != "overwritten")
changed("listed", lambda c: [each["metadata"].update(nbgrader=[{}]) for each in c["cells"]], "^$")
changed("otherkernel", lambda c: c.update(metadata={"kernelspec": {"name": "ir", "language": "R"}}), "^$")
add("nuls", "B6", lambda f: put(f, b"\0\0" + text(lambda c: None) + b"\0" * 4096))
for _name, _content in {
    "cut": packed(data(two()))[:900],
    "conflict": b"<<<<<<< HEAD\n" + packed(data(two())) + b"\n=======\n{}\n>>>>>>> mine\n",
    "page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "zero": b"",
    "list": b"[1, 2]",
    "deep": b"[" * 500_000 + b"]" * 500_000,
    "zlib": zlib.compress(packed(data(two()))),
    "script": b"def triple(x):\n    return 3 * x\n",
    "nocells": b'{"nbformat": 4, "metadata": {}}',
}.items():
    add(
        f"lost-{_name}", "B6", lambda f, content=_content: put(f, other=content or b" "),
        r"^two\.ipynb is not a valid notebook: it is not graded", "partial",
        f"lost-{_name}" not in BRIEFLY, test_triple=0.0, test_total=0.0,
    )  # fmt: skip

# ----------------------------------------------------------------------------- B7: lost metadata


def stripped(notebook: NotebookNode) -> NotebookNode:
    """Without metadata, and with cell ids as another tool makes them."""
    for number, each in enumerate(notebook.cells):
        each.metadata, each.id = NotebookNode(), f"c{number}"
    return notebook


def _exported(notebook: NotebookNode) -> NotebookNode:
    """As a script that was turned into a notebook again: texts as comments, ``In [1]:`` above each cell."""
    cells = [
        new_code_cell(f"# In[{number}]:\n\n\n{each.source}\n\n")
        if each.cell_type == "code"
        else new_code_cell("\n".join(f"# {line}" for line in each.source.splitlines()))
        for number, each in enumerate(notebook.cells, 1)
    ]
    return new_notebook(cells=cells)


add("stripped", "B7", lambda f: put(f, stripped(submission()), stripped(two())))
add("exported", "B7", lambda f: put(f, _exported(submission()), _exported(two())),
    "no cell of the submission could be matched with explain", "partial")  # fmt: skip
add(
    "unknown", "B7", lambda f: put(f, stripped(new_notebook(cells=[new_code_cell("x = 1"), new_markdown_cell("?")]))),
    "could be matched", "partial", test_double=None, test_square=None, test_Net=None,
)  # fmt: skip

# ------------------------------------------------------------------------ B8: caches of all kinds

KEPT = """
import collections, dataclasses, types, typing

class Pair(typing.NamedTuple):
    x: np.ndarray
    note: str = "n"

class Stack(list):
    top = property(lambda self: self[-1])

class Own(np.ndarray):
    def seen(self):
        return np.asarray(self)

@dataclasses.dataclass
class Data:
    x: np.ndarray

def square_forward(x):
    cache = {cache}
    return x * x, cache

def square_backward(dout, cache):
    x = {back}
    return 2 * dout * x
"""
for _name, (_cache, _back) in {
    "namedtuple": ("Pair(x)", "cache._replace(note='m').x"),
    "defaultdict": ("collections.defaultdict(lambda: x, a=1)", "cache['not there']"),
    "ordered": ("collections.OrderedDict(b=x, a=1)", "(cache.move_to_end('b'), cache['b'])[1]"),
    "dataclass": ("Data(x)", "dataclasses.replace(cache).x"),
    "matrix": ("np.matrix(np.atleast_2d(x))", "cache.A1"),
    "masked": ("np.ma.masked_array(x, mask=x > 100)", "cache.filled(0) if cache.mask is not None else 0"),
    "ownarray": ("x.view(Own)", "cache.seen()"),
    "nested": ("(Pair(x), [Stack([1, x])], {'k': Data(x)})", "cache[0].x + 0 * cache[1][0].top + 0 * cache[2]['k'].x"),
    "namespace": ("types.SimpleNamespace(x=x)", "cache.x"),
    "generator": ("iter([x])", "next(cache)"),
    "deque": ("collections.deque([x], maxlen=2)", "cache.popleft()"),
    "counter": ("collections.Counter({'n': 1}), x", "cache[1] * cache[0].most_common(1)[0][1]"),
    "objects": ("np.array([x, None], dtype=object)", "cache[0]"),
    "record": ("np.rec.fromarrays([x], names='v')", "cache.v"),
    "closure": ("lambda: x", "cache()"),
}.items():
    _source = KEPT.replace("{cache}", _cache).replace("{back}", _back)
    add(f"cache-{_name}", "B8", lambda f, source=_source: put(f, submission({"square": source})),
        long=f"cache-{_name}" not in BRIEFLY)  # fmt: skip

# -------------------------------------------------------------------------- B10, C5: much output


def png(width: int, height: int) -> str:
    """A picture with a header that says its size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 10_000)), (b"IEND", b"")]
    packed_parts = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(packed_parts)).decode()


def large(notebook: NotebookNode) -> NotebookNode:
    """With outputs of 30 MB in an answer cell."""
    each = next(each for each in notebook.cells if each.id == "double")
    each.outputs = [
        new_output("stream", text="epoch 1: loss 0.5\n" * 600_000),
        new_output("display_data", {"image/png": "A" * 20_000_000}),
    ]
    return notebook


def _bomb(notebook: NotebookNode) -> NotebookNode:
    """Pictures of a few kB whose pixels are gigabytes: printed by a cell, attached, left by training."""
    picture = png(50_000, 50_000)
    show = f"from IPython.display import Image, display\nimport base64\ndisplay(Image(base64.b64decode('{picture}')))"
    trained = new_code_cell("train()", metadata={"tags": ["skip-execution"]})
    trained.outputs = [new_output("display_data", {"image/png": picture})]
    said = new_markdown_cell("![x](attachment:x.png)", attachments={"x.png": {"image/png": picture}})
    notebook.cells += [new_code_cell(show), trained, said]
    return notebook


add("large", "B10", lambda f: put(f, large(submission())))
add("bomb", "C5", lambda f: put(f, _bomb(submission())))

# --------------------------------------------------------------------------- B11: harmless lines

HARMLESS = {
    "colab": "from google.colab import drive, files\ndrive.mount('/content/drive', force_remount=True)",
    "userdata": "from google.colab import userdata, runtime, auth\nauth.authenticate_user()",
    "colab-import": "import google.colab.drive as gd\ngd.mount('/gd')",
    "colab-guard": "try:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False",
    "qt": "%matplotlib qt5\nimport matplotlib.pyplot as plt",
    "notebook-backend": "%matplotlib notebook",
    "ipympl": "import matplotlib; matplotlib.use('module://ipympl.backend_nbagg')",
    "tk": "import matplotlib\nmatplotlib.use('TkAgg')\nmatplotlib.rcParams['backend'] = 'TkAgg'",
    "inline-config": "%config InlineBackend.figure_format = 'retina'",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "unknown-extension": "%load_ext tensorboard\n%tensorboard --logdir runs",
    "pip": "!pip install -q torch\n%pip install numpy==1.0\n!apt-get -y install cm-super > /dev/null",
    "show": "import matplotlib.pyplot as plt\nplt.plot([1]); plt.show(block=True); plt.ion()",
    "pause": "import matplotlib.pyplot as plt\nplt.plot([1]); plt.pause(0.01)",
    "tqdm": "from tqdm.notebook import tqdm\nfor _ in tqdm(range(3)): pass",
    "widgets": "import ipywidgets as w\nfrom IPython.display import display\ndisplay(w.IntSlider())",
    "interact": "from ipywidgets import interact\n@interact(n=(1, 3))\ndef look(n=1):\n    return n",
    "warnings": "import warnings\nwarnings.filterwarnings('error')\nnp.seterr(all='raise')",
    "input": "name = input('Your name? ')",
    "password": "import getpass\ngetpass.getpass('Token: ')",
    "clear": "from IPython.display import clear_output\nclear_output(wait=True)\n!clear",
    "style": "import matplotlib.pyplot as plt\nplt.style.use('seaborn-v0_8')",
    "time": "%time x = 1\n%timeit -n 1 -r 1 pass",
    "reset": "np.random.seed(0)\nnp.set_printoptions(precision=3)",
    "nest": "import os\nos.environ['CUDA_VISIBLE_DEVICES'] = ''\nos.environ['OMP_NUM_THREADS'] = '1'",
}
RIGHT = "def double(x):\n    return 2 * x"
for _name, _line in HARMLESS.items():
    add(f"line-{_name}", "B11", lambda f, line=_line: put(f, submission({"double": f"{line}\n{RIGHT}"})), long=True)
add("all-lines", "B11", lambda f: put(f, submission({"double": "\n".join([*HARMLESS.values(), RIGHT])})))
FREE = {
    "exit": "exit()",
    "quit": "quit",
    "sysexit": "import sys\nsys.exit(0)",
    "asks": "input()",
    "raises": "1 / 0",
    "bash": "%%bash\nls",
    "script": "%%html\n<b>x</b>",
    "unknown-magic": "%%nobody\nx",
    "away": "import os\nos.chdir('/tmp')",
    "not-python": "Hello, this is my answer!",
    "missing": "import pandas\nopen('/content/drive/MyDrive/x.csv')",
    "forget": "import gc; gc.collect()\n%who",
}
for _name, _line in FREE.items():
    add(f"free-{_name}", "B11", lambda f, line=_line: put(f, submission({}, line, after="double")), long=True)


def _all_free() -> NotebookNode:
    notebook = submission()
    for line in FREE.values():
        notebook.cells.insert(2, new_code_cell(line))
    return notebook


add("all-free", "B11", lambda f: put(f, _all_free()))
add("magic-first", "B11", lambda f: put(f, submission({"double": f"%%time\n{RIGHT}"})))
add("raises-after", "B11", lambda f: put(f, submission({"double": f"{RIGHT}\nassert double(1) == 3, 'my own check'"})))


def _edited(change: Callable[[NotebookNode, Any], None]) -> Make:
    """A submission whose first notebook was changed in an editor: by cell id."""
    notebook = submission()
    change(notebook, {each.id: each for each in notebook.cells})
    return lambda folder: put(folder, notebook)


def _retyped(kind: str) -> Callable[[NotebookNode, Any], None]:
    def change(notebook: NotebookNode, by_id: Any) -> None:
        del by_id["double"]["outputs"], by_id["double"]["execution_count"]
        by_id["double"].cell_type = kind

    return change


def _in_next_cell(notebook: NotebookNode, by_id: Any) -> None:
    for name in ("double", "square", "Net"):
        notebook.cells.insert(notebook.cells.index(by_id[name]) + 1, new_code_cell(by_id[name].source))
        by_id[name].source = "raise NotImplementedError()"


def _all_in_one(notebook: NotebookNode, by_id: Any) -> None:
    by_id["double"].source = "\n\n".join(by_id[name].source for name in ("double", "square", "Net"))
    by_id["square"].source = by_id["Net"].source = ""


def _only_answers(notebook: NotebookNode, by_id: Any) -> None:
    notebook.cells = [by_id[name] for name in ("Net", "double", "explain", "square")]


def _ends(end: str) -> Callable[[NotebookNode, Any], None]:
    def change(notebook: NotebookNode, by_id: Any) -> None:
        for each in notebook.cells:
            each.source = each.source.replace("\n", end)

    return change


for _name, _change in {
    "raw": _retyped("raw"),
    "text": _retyped("markdown"),
    "next-cell": _in_next_cell,
    "all-in-one": _all_in_one,
    "only-answers": _only_answers,
    "reversed": lambda notebook, by_id: notebook.cells.reverse(),
    "crlf": _ends("\r\n"),
    "cr": _ends("\r"),
}.items():
    add(f"edited-{_name}", "B5", _edited(_change), long=_name != "only-answers")

# ------------------------------------------------------------------- B12: parts and what is on them

add("syntax", "B12", lambda f: put(f, other=two({"triple": "def triple(x):\n    return 3 *"})), test_triple=0.0)
add("undefined", "B12", lambda f: put(f, other=two({"triple": "# later"})), test_triple=0.0)
add("stops-first", "B12", lambda f: put(f, other=two({"triple": "import nothing_here\ndef triple(x): return 3 * x"})),
    test_triple=0.0)  # fmt: skip
add("wrong-part", "B12", lambda f: put(f, other=two({"triple": "def triple(x):\n    return x"})),
    test_triple=0.0, test_total=0.0)  # fmt: skip

# ------------------------------------------------------------------------ answers in other forms

for _name, _source in {
    "lambda": "double = lambda x: 2 * x",
    "partial": "import functools, operator\ndouble = functools.partial(operator.mul, 2)",
    "object": "class Doubler:\n    def __call__(self, x):\n        return 2 * x\n\ndouble = Doubler()",
    "vectorized": "double = np.vectorize(lambda x: 2.0 * x)",
    "decorated": "import functools\n\n@functools.wraps(np.sum)\ndef double(x):\n    return 2 * x",
    "method": "class Tools:\n    @staticmethod\n    def double(x):\n        return 2 * x\n\ndouble = Tools().double",
    "ufunc": "double = lambda x, /, *rest, **more: np.add(x, x, dtype=float)",
    "guard": "if __name__ == '__main__':\n    def double(x):\n        return 2 * x",
}.items():
    add(f"as-{_name}", "B11", lambda f, source=_source: put(f, submission({"double": source})),
        long=f"as-{_name}" not in BRIEFLY)  # fmt: skip


def _later() -> NotebookNode:
    return submission({"double": 'def double(x):\n    raise NotImplementedError("Exercise 1")'}, RIGHT, after="double")


add("later-cell", "B7", lambda f: put(f, _later()))

# ------------------------------------------------------------------------------- B13, C2: names

IDS: dict[bytes, str | None] = {
    b"\xff\xfe\xfa": "must be valid UTF-8",
    b"[a-z]*": r"must not contain \[ \] \* \?",
    b"ad?": r"must not contain \[ \] \* \?",
    "\u3000ada".encode(): "must not begin or end with a blank",
    b"ada\t": "must not begin or end with a blank",
    b"ada\n999 everybody graded": "line breaks or control characters",
    b"ada\x1b(0owned\x07": "line breaks or control characters",
    "ada\u202e001".encode(): "line breaks or control characters",
    "ada\u200bx".encode(): "line breaks or control characters",
    b"x" * 255: None,
    "é".encode() * 100: None,
    "名前 😀".encode(): None,
    b"e\xcc\x81ve": None,
    b"\xc3\xa9ve": None,
    b"-rf": None,
    b"--force": None,
    b"a'b;--": None,
    b"{student_id}": None,
    b"%s{0}$(x)": None,
    b"a+b(c)|d^": None,
    b"con.": None,
}
"""Names of folders, and what is wrong with them."""


# ------------------------------------------------------------------- B14: files in wrong places


def moved(name: str) -> Make:
    """A submission whose first notebook has another name, or is in a folder."""

    def make(folder: Path) -> None:
        put(folder)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "one.ipynb").rename(folder / name)

    return make


def zipped(depth: int, *, wrap: str = "", junk: bool = False) -> Make:
    """A submission that is an archive, of an archive if it is deep."""

    def make(folder: Path) -> None:
        folder.mkdir(parents=True)
        content = {f"{wrap}{n}.ipynb": packed(data(nb)) for n, nb in {"one": submission(), "two": two()}.items()}
        if junk:
            content |= {f"__MACOSX/{wrap}._one.ipynb": b"\0\5", f"{wrap}.DS_Store": b"", "../one.ipynb": b"{}"}
        for level in range(depth):
            made = io.BytesIO()
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, each in content.items():
                    archive.writestr(name, each)
            content = {f"hw{level}.zip": made.getvalue()}
        ((name, each),) = content.items()
        (folder / name).write_bytes(each)

    return make


for _name, _file in {
    "upper": "ONE.IPYNB",
    "copy": "Copy of one (3).ipynb",
    "kopie": "one - Kopie.ipynb",
    "final": "one_final_v2.ipynb",
    "json": "one.ipynb.json",
    "folder": "homework/one.ipynb",
    "prefix": "ada_lovelace_one.ipynb",
    "wide": "ｏｎｅ.ipynb",
    "browser": "one.json",
    "middle": "Ada - one - 2026.ipynb",
    "windows": "homework\\one.ipynb",
    "emoji": "one \N{PARTY POPPER}.ipynb",
}.items():
    add(f"name-{_name}", "B14", moved(_file), "one.ipynb: taken from", long=f"name-{_name}" not in BRIEFLY)
add("zip", "B14", zipped(1, wrap="Homework 1/", junk=True), "taken from")
add("zipzip", "B14", zipped(2), r"^hw1\.zip is an archive in which no notebook was found", "failed", **BLANK)
add("gz", "B14", moved("one.ipynb.gz"), r"^one\.ipynb\.gz is an archive in which no notebook was found", "partial",
    test_double=0.0, test_square=0.0, test_Net=0.0)  # fmt: skip
add("far", "B14", moved("a/b/c/d/one.ipynb"), "one.ipynb is an extra copy", "partial",
    test_double=0.0, test_square=0.0, test_Net=0.0)  # fmt: skip


def _junk(folder: Path) -> None:
    put(folder)
    for name in ("._one.ipynb", "~$one.ipynb", ".DS_Store", "Thumbs.db"):
        (folder / name).write_bytes(b"\0\5\x16\7")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._two.ipynb").write_bytes(b"\0")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "one-checkpoint.ipynb").write_bytes(b"{}")


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True)


def _links(folder: Path) -> None:
    put(folder)
    (folder / "one.ipynb").unlink()
    (folder / "one.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(folder / "w.npz")


def _forged(folder: Path) -> None:
    put(folder)
    (folder / "x\n[AutogradeApp | ERROR] bob cheated\x1b[31m\u202e.ipynb").write_bytes(b"{}")


add("junk", "B13", _junk)
add("empty", "B14", _empty, r"^no notebook was submitted: expected one\.ipynb, two\.ipynb$", "failed", **BLANK)
add("links", "C2", _links, r"^one\.ipynb is a symbolic link", "partial",
    test_double=0.0, test_square=0.0, test_Net=0.0)  # fmt: skip
add("forged", "C2", _forged, "is not a notebook of this assignment", "partial")

# --------------------------------------------------------------------------------- C1, C5: costs

SHOUTS = "print(''.join(f'\\x1b[3{i % 8}m\\x1b[4{i % 7}m\\x1b[{i % 9}Ax\\x9b5n\\x1b]0;t\\x07' for i in range(4000)))"


def _shouting() -> NotebookNode:
    notebook = submission()
    notebook.cells += [new_code_cell(f"# {number}\n{SHOUTS}") for number in range(20)]
    return notebook


add("shouts", "C1", lambda f: put(f, _shouting()))
LOOP = "def double(x):\n    while True:\n        pass"
add("loops", "C5", lambda f: put(f, submission({"double": LOOP}), two()), "took longer than 3 s", "partial",
    test_double=0.0)  # fmt: skip
add("forks", "C5", lambda f: put(f, submission({}, "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n"
    "        os.setsid(); time.sleep(600); os._exit(0)")))  # fmt: skip
