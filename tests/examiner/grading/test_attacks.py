"""Attacks from inside a notebook: none earns a point, and none affects other students.

Every submission here answers `double` incorrectly, and tries to get its points in another way.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from examiner.grading import Grader
from examiner.settings import MIB, Limits, Options, Timing
from tests.examiner.small import (
    grade,
    grader_of,
    needs_bubblewrap,
    scores,
    shown,
    source_notebook,
    submission,
    write_course,
)

WRONG = {"double": "def double(x):\n    return 0 * x"}
HONEST = {"test_double": 4.0, "test_square": 4.0, "test_Net": 4.0}
LIMITS = Limits(memory=1024 * MIB, disk=32 * MIB)
TIMING = Timing(cell=20, call=20, notebook=200, interrupt=1, traffic=80 * MIB)
SHORT = replace(TIMING, cell=3, call=3)


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader in the real sandbox, with limits of time that no busy machine makes an honest answer reach."""
    source = write_course(tmp_path_factory.mktemp("course"))
    with grader_of(source, Options("bubblewrap", timing=TIMING, limits=LIMITS)) as made:
        yield made


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """The same for attacks that wait until their limit stops them."""
    source = write_course(tmp_path_factory.mktemp("course"))
    with grader_of(source, Options("bubblewrap", timing=SHORT, limits=LIMITS)) as made:
        yield made


pytestmark = needs_bubblewrap

# ------------------------------------------------------------- taking over the kernel's machinery

CHEATS = {
    "input_transformer": """
        get_ipython().input_transformers_post.append(lambda lines: ["pass\\n"])""",
    "ast_transformer": """
        import ast
        class DropAsserts(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()
        get_ipython().ast_transformers.append(DropAsserts())""",
    "run_cell": """
        from IPython.core.interactiveshell import InteractiveShell, ExecutionResult
        async def nothing(self, *args, **kwargs):
            return ExecutionResult(None)
        InteractiveShell.run_cell_async = nothing
        InteractiveShell.run_cell = lambda self, *args, **kwargs: ExecutionResult(None)""",
    "display_hook": """
        import sys
        from IPython.core.displayhook import DisplayHook
        DisplayHook.compute_format_data = lambda self, result: ({"text/plain": "4.0"}, {})
        sys.displayhook = lambda value: print("4.0")""",
    "custom_exc": """
        get_ipython().set_custom_exc((BaseException,), lambda *args, **kwargs: None)""",
    "score_as_output": """
        from IPython.display import publish_display_data
        def double(x):
            get_ipython().kernel.send_response(get_ipython().kernel.iopub_socket, "execute_result",
                {"data": {"text/plain": "4.0"}, "metadata": {}, "execution_count": 1})
            return 0 * x""",
    "frames": """
        import sys
        def double(x):
            frame = sys._getframe()
            while frame is not None:
                for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
                    if type(value).__name__ in ("Checks", "Block"):
                        value.points = value._earned = 1e9
                frame = frame.f_back
            return 0 * x""",
    "history": """
        def double(x):
            source = "".join(map(str, get_ipython().user_ns["In"]))
            return 2 * x if "reference_" + "answers" in source or "check." + "hidden" in source else 0 * x""",
    "patched_checks": """
        from toolkit import checks
        checks.rel_error = lambda x, y: 0.0
        checks.Checks.score = property(lambda self: self.points)
        checks.Block.close = checks.Block.same = lambda self, *args, **kwargs: True""",
    "patched_numpy": """
        import numpy as np
        np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
        np.abs = np.max = lambda *args, **kwargs: 0.0
        np.testing.assert_allclose = lambda *args, **kwargs: None""",
    "patched_json": """
        import json
        json.dumps = lambda *args, **kwargs: '{"d": [["value", 4.0]]}'""",
    "patched_codec": """
        import sys
        codec = sys.modules["_examiner_codec"]
        codec.pack = lambda *args, **kwargs: [b'{"d": [["value", {"T": "float"}], ["warnings", []]]}']""",
    "patched_comm": """
        import comm
        comm.create_comm = comm.get_comm_manager = lambda *args, **kwargs: None""",
    "import_hook": """
        import importlib.abc, importlib.machinery, sys
        class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path=None, target=None):
                return importlib.machinery.ModuleSpec(name, self)
            def exec_module(self, module):
                module.reference_answers = lambda *args: module
                module.double = double
        sys.meta_path.insert(0, Hook())
        for name in [name for name in sys.modules if name.startswith(("toolkit", "examiner"))]:
            del sys.modules[name]""",
    "trace": """
        import sys, threading
        def trace(frame, event, argument):
            frame.f_locals.update(score=4.0, points=4.0)
            return trace
        sys.settrace(trace), sys.setprofile(trace), threading.settrace(trace)""",
    "heap": """
        import gc
        def double(x):
            for each in gc.get_objects():
                if callable(each) and getattr(each, "__name__", "") in ("double", "reference_answers"):
                    if each is not double:
                        return each(x)
            return 0 * x""",
    "files_and_processes": """
        import glob
        def double(x):
            for path in [*glob.glob("/proc/[0-9]*/*"), *glob.glob("/tmp/**", recursive=True), *glob.glob("/data/**")]:
                try:
                    with open(path, "rb") as file:
                        if b"return 2 " + b"* x" in file.read(100_000):
                            return 2 * x
                except OSError:
                    pass
            return 0 * x""",
    "rebuilt_array": """
        class Rebuilt(np.ndarray):
            def __reduce_ex__(self, protocol):
                return eval, ("2.0 * x",)
            __reduce__ = __array__ = __eq__ = lambda self, *args: True
        def double(x):
            return (0 * x).view(Rebuilt)""",
    "the_given_input": """
        import threading, time
        def double(x):
            def later(x=x):
                time.sleep(0.01)
                x[...] = 0
            threading.Thread(target=later).start()
            x[...] = 0
            return x""",
    "exit_without_fault": """
        def double(x):
            raise BaseExceptionGroup("", [SystemExit(0), KeyboardInterrupt(), GeneratorExit()])""",
}


def code(text: str) -> str:
    """A cell's source out of an indented text."""
    return "\n".join(line.removeprefix(" " * 8) for line in text.strip("\n").split("\n"))


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_earns_nothing(name: str, impatient: Grader) -> None:
    outcome, notebook = grade(impatient, submission(WRONG, code(CHEATS[name]), after="double"))
    assert outcome.tests["test_double"].score == 0.0
    results = [o for each in notebook.cells if each.id == "test_double" for o in each.outputs if "execution_count" in o]
    assert [result.data["text/plain"] for result in results] == ["0.0"]
    # A cheat is a wrong answer; only the one that silences its kernel looks like a crash, and is named as one.
    assert outcome.status == ("partial" if name == "patched_json" else "graded")
    assert name != "patched_json" or "took longer than 3 s" in str(outcome.reason)


AGREEABLE = """
        import numpy as np
        class Agreeable{base}:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            __le__ = __lt__ = __ge__ = __gt__ = __eq__
            def __bool__(self): return True
            def __float__(self): return 2.0
            def __array_ufunc__(self, *args, **kwargs): return np.float64(0.0)
            def __array_function__(self, *args, **kwargs): return True
            def __getattr__(self, name):
                if name.startswith("__"): raise AttributeError(name)
                return self
            def __call__(self, *args, **kwargs): return self
            __hash__ = object.__hash__
        def double(x):
            return {made}"""


@pytest.mark.parametrize(
    ("base", "made"),
    [
        ("", "Agreeable()"),
        ("(float)", "Agreeable(0.0)"),
        ("(np.ndarray)", "np.zeros(x.shape).view(Agreeable)"),
        ("(str)", "Agreeable('x')"),
        ("", "[Agreeable() for _ in x]"),
        ("(dict)", "Agreeable()"),
        ("", "np.array([Agreeable()] * len(x))"),
    ],
    ids=["object", "float", "ndarray", "str", "list", "dict", "object_array"],
)
def test_an_object_that_agrees_with_everything_earns_nothing(base: str, made: str, grader: Grader) -> None:
    text = AGREEABLE.replace("{base}", base).replace("{made}", made)
    outcome, _ = grade(grader, submission({"double": code(text)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}


def test_a_student_s_class_called_checks_is_not_the_test_s(grader: Grader) -> None:
    text = """
        class Row:
            name, passed, error, tolerance, message, received = "instructor note", True, 0.0, 1.0, "full marks", None
        class Result:
            title, hidden, weight, earned, comparisons = "forged", False, 1, 1, [Row()]
        class Checks:
            def __init__(self, *arguments, **options):
                self.score, self.rate, self.params, self.results = 4.0, 0.25, {}, [Result()]
        Net = Checks"""
    outcome, notebook = grade(grader, submission({"Net": code(text)}))
    assert scores(outcome) == {**HONEST, "test_Net": 0.0}
    assert outcome.status == "graded"
    assert "instructor note" not in shown(notebook, "test_Net")


def test_an_array_that_answers_on_conversion_is_converted_inside(grader: Grader) -> None:
    text = """
        class Late:
            def __init__(self, x): self.x = x
            def __array__(self, dtype=None, copy=None): return 2 * self.x
        def double(x):
            return Late(x)"""
    outcome, _ = grade(grader, submission({"double": code(text)}))
    assert outcome.tests["test_double"].score == 0.0


def test_a_tag_that_skips_a_test_cell_is_ignored(grader: Grader) -> None:
    submitted = submission(WRONG)
    for each in submitted.cells:
        each.metadata.tags = ["skip-execution"]
    outcome, _ = grade(grader, submitted)
    assert scores(outcome) == {**HONEST, "test_double": 0.0}


def test_edited_tests_and_points_are_the_sources_own_again(grader: Grader) -> None:
    submitted = submission(WRONG)
    by_id = {each.id: each for each in submitted.cells}
    by_id["test_double"].source = "4.0"
    by_id["test_double"].metadata.nbgrader.points = 1e9
    by_id["test_square"].metadata.nbgrader.grade = False
    by_id["setup"].source = "class Checks: score = 4.0"
    submitted.cells.append(by_id["test_double"].copy())
    outcome, _ = grade(grader, submitted)
    assert scores(outcome) == {**HONEST, "test_double": 0.0}


# ----------------------------------------------------------------------------- looking around


def test_nothing_of_the_project_can_be_read(grader: Grader, tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text("secret marks")
    root = Path(__file__).parents[2]
    prefix = Path(sys.prefix)  # with `make`, the environment is in the project's folder and is mounted there
    environment = [prefix.relative_to(root).parts[0]] if prefix.is_relative_to(root) else []
    look = f"""
        import os, glob
        found = []
        for path in [{str(secret)!r}, {str(grader.assignment.source)!r}, {str(root)!r}]:
            try:
                found += os.listdir(path) if os.path.isdir(path) else [open(path).read()]
            except OSError:
                pass
        found = [name for name in found if name not in {environment!r}]
        found += [line for line in os.environ if "CHECKS" not in line and "STUDENT" in line]
        found += [p for p in os.listdir("/proc") if p.isdigit() and "pytest" in open(f"/proc/{{p}}/cmdline").read()]
        print("found:", found)"""
    _, notebook = grade(grader, submission(WRONG, code(look)))
    assert "found: []" in shown(notebook, "extra")


def test_the_gradebook_cannot_be_written(grader: Grader, tmp_path: Path) -> None:
    target = grader.assignment.source.parents[1] / "gradebook.db"
    write = f"""
        import sqlite3
        sqlite3.connect({str(target)!r}).execute("create table grades (mark)")"""
    outcome, _ = grade(grader, submission({}, code(write)))
    assert scores(outcome) == HONEST
    assert not target.exists()


def test_the_reference_is_not_in_the_sandbox(grader: Grader) -> None:
    ask = """
        from toolkit.earlier import answers
        def double(x):
            return answers("one").double(x)"""
    outcome, _ = grade(grader, submission({"double": code(ask)}))
    assert outcome.tests["test_double"].score == 0.0


# ------------------------------------------------------------------------ ending, or not ending

ENDINGS = {
    "os_exit": ("import os\nos._exit(0)", "exit status 0"),
    "kill": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    "group": ("import os, signal\nos.killpg(0, signal.SIGKILL)", ""),
    "segfault": ("import ctypes\nctypes.string_at(0)", "signal 11"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_an_answer_that_ends_its_kernel_costs_its_own_test(name: str, grader: Grader) -> None:
    text, said = ENDINGS[name]
    body = "\n".join(f"    {line}" for line in text.split("\n"))
    outcome, _ = grade(grader, submission({"double": f"def double(x):\n{body}\n    return 2 * x"}, "", after="setup"))
    assert outcome.status == "partial"
    assert outcome.reason is not None
    assert said in outcome.reason
    assert outcome.tests["test_double"].score == 0.0
    assert outcome.tests["test_double"].status == "partial"
    assert outcome.tests["test_square"].score == outcome.tests["test_Net"].score == 4.0


@pytest.mark.parametrize("name", ENDINGS)
def test_a_cell_that_ends_its_kernel_is_not_run_again(name: str, grader: Grader) -> None:
    outcome, notebook = grade(grader, submission({}, ENDINGS[name][0]))
    assert scores(outcome) == HONEST
    assert outcome.status == "partial"
    assert "DeadKernelError" in shown(notebook, "extra")


def test_killing_every_visible_process_and_the_parent_harms_nobody(grader: Grader) -> None:
    text = "import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(os.getppid(), signal.SIGKILL)"
    outcome, _ = grade(grader, submission(WRONG, text))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}


@pytest.mark.parametrize("text", ["import sys\nsys.exit()", "quit()", "exit()", "raise KeyboardInterrupt"])
def test_an_exit_ends_nothing(text: str, grader: Grader) -> None:
    body = "\n".join(f"    {line}" for line in text.split("\n"))
    outcome, _ = grade(grader, submission({"double": f"def double(x):\n{body}"}, text))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert outcome.status == "graded"


def test_deep_recursion_is_an_exception_like_any_other(grader: Grader) -> None:
    outcome, notebook = grade(grader, submission({"double": "def double(x):\n    return double(x)"}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert "RecursionError" in shown(notebook, "test_double")


STUBBORN = """
        import signal
        def double(x):
            for number in range(1, 32):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            while True:
                try:
                    while True: pass
                except BaseException: pass"""


def test_an_endless_loop_that_ignores_signals_is_killed(impatient: Grader) -> None:
    began = time.monotonic()
    outcome, _ = grade(impatient, submission({"double": code(STUBBORN)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert outcome.status == "partial"
    assert "could not be interrupted" in str(outcome.reason)
    assert time.monotonic() - began < 60


def test_an_endless_loop_costs_its_limit_and_its_test(impatient: Grader) -> None:
    outcome, _ = grade(impatient, submission({"double": "def double(x):\n    while True: pass"}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert "double took longer than 3 s" in str(outcome.reason)


def test_a_cell_that_never_ends_costs_itself(impatient: Grader) -> None:
    outcome, notebook = grade(impatient, submission({}, "while True: pass"))
    assert scores(outcome) == HONEST
    assert "CellTimeoutError" in shown(notebook, "extra")


ENDLESS_TEXTS = {
    "str": """
        class Endless(Exception):
            def __str__(self):
                while True: pass""",
    "attributes": """
        class Endless(Exception):
            def __getattribute__(self, name):
                while True: pass""",
    "type_name": """
        class Named(type):
            @property
            def __name__(self):
                while True: pass
        class Endless(Exception, metaclass=Named): pass""",
    "warning": """
        import warnings
        class Text(UserWarning):
            def __str__(self):
                while True: pass
        def Endless():
            warnings.warn(Text())
            return ValueError()""",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name != "str" else ()) for name in ENDLESS_TEXTS]
)
def test_an_exception_whose_text_never_ends_costs_its_limit_and_no_kernel(name: str, impatient: Grader) -> None:
    text = code(ENDLESS_TEXTS[name])
    patient = replace(impatient.options, timing=replace(SHORT, interrupt=30))  # a busy machine must not kill it
    with grader_of(impatient.assignment.source, patient) as grader:
        outcome, notebook = grade(grader, submission({"double": f"{text}\ndef double(x):\n    raise Endless()"}))
        assert "CellTimeoutError" in shown(notebook, "look")
        assert scores(outcome) == {**HONEST, "test_double": 0.0}
        assert "double took longer than 3 s" in str(outcome.reason)
        assert "could not be interrupted" not in str(outcome.as_json())


def test_what_cannot_be_read_is_an_exception_like_any_other(grader: Grader) -> None:
    text = """
        class Unreadable:
            @property
            def __class__(self):
                raise OSError("no")
        def double(x):
            return Unreadable()"""
    outcome, notebook = grade(grader, submission({"double": code(text)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert outcome.status == "graded"
    assert "cannot be graded" in shown(notebook, "test_double")


def test_a_daemon_does_not_outlive_the_grading(grader: Grader, tmp_path: Path) -> None:
    mark = f"examiner-daemon-{os.getpid()}"
    start = f"""
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", {mark!r}], start_new_session=True)"""
    outcome, _ = grade(grader, submission({}, code(start)))
    assert scores(outcome) == HONEST
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if mark in _read(p)]


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_a_thread_that_rewrites_answers_earns_nothing(grader: Grader) -> None:
    start = """
        import threading
        def rewrite():
            while True:
                for name in ("check", "c", "double"):
                    globals()[name] = lambda *args, **kwargs: 0.0
        threading.Thread(target=rewrite, daemon=True).start()"""
    outcome, _ = grade(grader, submission(WRONG, code(start)))
    assert outcome.tests["test_double"].score == 0.0


# -------------------------------------------------------------------------- messages and bombs

FORGERY = """
        import sys
        kernel, frames = get_ipython().kernel, sys.modules["_examiner_frames"]
        lie = sys.modules["_examiner_codec"].pack({"value": 2.0, "changed": {}, "warnings": []})
        def call():
            return kernel.get_parent()["header"]["msg_id"].encode()
        def forge(call, reply):
            kernel._calls.sendall(frames.encoded([call, b"quiet", *reply]))"""


def test_answers_sent_ahead_of_time_are_dropped(grader: Grader) -> None:
    send = (
        FORGERY
        + """
        for number in range(200):
            forge(str(number).encode(), lie)
            forge(call(), lie)"""
    )
    outcome, _ = grade(grader, submission(WRONG, code(send), after="double"))
    assert outcome.tests["test_double"].score == 0.0
    assert outcome.tests["test_square"].score == 4.0


def test_a_forged_answer_to_its_own_call_is_worth_what_it_says(grader: Grader) -> None:
    send = (
        FORGERY
        + """
        def double(x):
            forge(call(), lie)
            forge(call(), [b"not json"])
            return 0 * x"""
    )
    outcome, _ = grade(grader, submission(WRONG, code(send), after="double"))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}


def test_a_damaged_answer_is_told_apart_from_a_crash(grader: Grader) -> None:
    send = (
        FORGERY
        + """
        def double(x):
            forge(call(), [b'{"a": ["O", 0, [1]]}', b"12345678"])
            return 0 * x"""
    )
    outcome, _ = grade(grader, submission(WRONG, code(send), after="double"))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert outcome.status == "partial"
    assert "returned a value that cannot be read" in str(outcome.reason)


@pytest.mark.parametrize("flood", ["b'\\xff' * 100", "b'x' * 10**6", "bytes(10**6)"], ids=["header", "text", "empty"])
def test_an_invalid_reply_ends_the_kernel(flood: str, grader: Grader) -> None:
    send = f"""
        def double(x):
            while True:
                get_ipython().kernel._calls.sendall({flood})"""
    outcome, _ = grade(grader, submission({"double": code(send)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert outcome.status == "partial"
    assert str(outcome.reason).startswith("double ")


@pytest.mark.parametrize(
    "flood", ["kernel._calls.sendall(message * 1000)", "[kernel.iopub_thread.socket.send(b'') for _ in range(1000)]"]
)
def test_messages_without_end_end_the_kernel(flood: str, grader: Grader) -> None:
    send = f"""
        def double(x):
            kernel = get_ipython().kernel
            message = __import__("sys").modules["_examiner_frames"].encoded([b"x"])
            while True:
                {flood}"""
    before = time.process_time()
    outcome, _ = grade(grader, submission({"double": code(send)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert (outcome.status, outcome.reason) == ("partial", "double sent messages without end")
    assert time.process_time() - before < 10


def test_a_kernel_that_hangs_up_costs_its_own_points_only(grader: Grader) -> None:
    outcome, _ = grade(grader, submission({"double": "def double(x):\n    get_ipython().kernel._calls.close()"}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert (outcome.status, outcome.reason) == ("partial", "double ended its kernel (exit status 1)")


def test_a_flood_of_messages_ends_the_kernel(grader: Grader) -> None:
    flood = """
        def double(x):
            kernel = get_ipython().kernel
            while True:
                kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "x" * 10**6})"""
    outcome, _ = grade(grader, submission({"double": code(flood)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert (outcome.status, outcome.reason) == ("partial", "double wrote more than 80 MiB")


def test_one_endless_message_is_not_kept(grader: Grader) -> None:
    """ZeroMQ itself would keep every part of it in the examiner's memory."""
    flood = """
        import socket, os, threading
        def double(x):
            kernel = get_ipython().kernel
            part = b"x" * 10**7
            socket = kernel.iopub_thread.socket
            while True:
                socket.send(part, __import__("zmq").SNDMORE)"""
    before = _resident()
    outcome, _ = grade(grader, submission({"double": code(flood)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert _resident() - before < 300 * MIB


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    "text",
    ["print('x' * 10**7)", "for _ in range(30_000): print('x' * 50)", "import os\nos.write(1, b'y' * 10**6)"],
    ids=["line", "lines", "descriptor"],
)
def test_an_output_bomb_is_cut(text: str, grader: Grader) -> None:
    body = "\n".join(f"    {line}" for line in text.split("\n"))
    outcome, notebook = grade(grader, submission({"double": f"def double(x):\n{body}\n    return 2 * x"}, text))
    assert outcome.tests["test_square"].score == 4.0
    assert len(shown(notebook, "extra")) < 250_000
    assert len(shown(notebook, "test_double")) < 60_000


FLOODS = {
    "stdout": "for _ in range(400): print('x' * 20_000)",
    "stderr": "import sys\nfor _ in range(400): print('x' * 20_000, file=sys.stderr)",
    "error": "raise ValueError('x' * 100_000)",
    "display_data": "for _ in range(400): display({'text/plain': 'x' * 20_000}, raw=True)",
    "execute_result": "class Long:\n    def __repr__(self): return 'x' * 7_000_000\nLong()",
    "clear_output": """
        from IPython.display import clear_output
        for _ in range(400):
            print("x" * 20_000)
            clear_output(wait=True)""",
    "update_display_data": """
        shown = [display("x", display_id=True) for _ in range(20)]
        for number in range(400): shown[number % 20].update({"text/plain": "x" * 20_000}, raw=True)""",
    "png": """
        import base64
        png = base64.b64encode(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(2_200_000)).decode()
        for _ in range(20): display({"image/png": png}, raw=True)""",
    "png_update": """
        import base64
        png = base64.b64encode(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(2_200_000)).decode()
        shown = [display("x", display_id=True) for _ in range(20)]
        for each in shown: each.update({"image/png": png}, raw=True)""",
}


@pytest.mark.parametrize("channel", FLOODS)
def test_a_flood_of_outputs_leaves_the_notebook_small(channel: str, grader: Grader) -> None:
    text = FLOODS[channel]
    outcome, notebook = grade(grader, submission({}, code(text) if text.startswith("\n") else text))
    assert scores(outcome) == HONEST
    assert len(nbformat.writes(notebook)) < (22_000_000 if "png" in channel else 250_000)


def test_all_cells_of_a_notebook_share_the_room_for_outputs(grader: Grader) -> None:
    submitted = submission({}, code(FLOODS["png"]))
    flood = next(each for each in submitted.cells if each.id == "extra")
    submitted.cells += [new_code_cell(flood.source, id=f"extra{number}") for number in range(2)]
    outcome, notebook = grade(grader, submitted)
    assert scores(outcome) == HONEST
    assert len(nbformat.writes(notebook)) < 22_000_000


BROADCASTS = {
    "in a block": """
check = Checks("double", points=4)
with check("two rows", weight=1) as c:
    one, other = double(np.ones((2, 1)))
    c.true("alike", np.all(one - other == 0), "they differ")
with check("by hand", weight=3) as c:
    c.close("out", double(np.array([1.0, -2.0])), [2.0, -4.0], tol=1e-9)
check.score""",
    "outside": """
one, other = double(np.ones((2, 1)))
4.0 if np.all(one - other == 0) else 0.0""",
}


@pytest.mark.parametrize(("where", "score"), [("in a block", 3.0), ("outside", 0.0)])
def test_memory_by_broadcasting_costs_what_asked_for_it(where: str, score: float, tmp_path: Path) -> None:
    """Two answers of 200 kB differ by 5 GB: no test may have that, and no human is asked about it."""
    source = write_course(tmp_path)
    notebook = source_notebook()
    next(each for each in notebook.cells if each.id == "test_double").source = BROADCASTS[where]
    nbformat.write(notebook, source / "one.ipynb")
    wide = "def double(x):\n    return (np.zeros((25_000, 1)), np.zeros((1, 25_000))) if x.ndim > 1 else 2 * x"
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with grader_of(source, Options("bubblewrap", timing=TIMING, limits=LIMITS)) as grader:
        outcome, graded = grade(grader, submission({"double": wide}))
    assert scores(outcome) == {**HONEST, "test_double": score}
    assert (outcome.status, outcome.reason) == ("graded", None)
    assert "MemoryError" in shown(graded, "test_double")
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@pytest.mark.parametrize("made", ["[0] * 90_000", "np.zeros((6_000_000, 0), np.int8)"])
def test_a_value_that_takes_long_to_check_costs_its_test(made: str, tmp_path: Path) -> None:
    """A test without a block that catches it, which goes through pairs of what came back."""
    source = write_course(tmp_path)
    notebook = source_notebook()
    pairs = "out = double(np.ones(3))\nfor one in out:\n    for other in out: pass\n4.0"
    next(each for each in notebook.cells if each.id == "test_double").source = pairs
    nbformat.write(notebook, source / "one.ipynb")
    with grader_of(source, Options("bubblewrap", timing=replace(TIMING, check=2), limits=LIMITS)) as grader:
        outcome, graded = grade(grader, submission({"double": f"def double(x):\n    return {made}"}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert outcome.status == outcome.tests["test_double"].status == "partial"
    assert outcome.reason == "test_double: checking the returned value took longer than 2 s: is it very large?"
    assert "checking the returned value took longer than 2 s" in shown(graded, "test_double")
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_a_value_of_many_arrays_is_a_value(grader: Grader) -> None:
    many = "def double(x):\n    return [np.ones(1) for _ in range(3_000)]"
    outcome, _ = grade(grader, submission({"double": many}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert (outcome.status, outcome.reason) == ("graded", None)


BOMBS = {
    "giant_answer": (
        """
        def double(x):
            return np.zeros((10_000, 1000)) if x.ndim > 1 else [[0] * 1000] * 1000""",
        "a value that cannot be graded",
    ),
    "memory": (
        """
        def double(x):
            hoard = [bytearray(64_000_000) for _ in range(100)]
            return 2 * x""",
        "MemoryError",
    ),
    "forks": (
        """
        def double(x):
            import os, time
            for _ in range(500):
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
            return 2 * x""",
        "Resource temporarily unavailable",
    ),
    "one_large_file": (
        """
        def double(x):
            with open("bomb", "wb") as file:
                while True:
                    file.write(b"x" * 10**6)""",
        "No space left on device",
    ),
    "many_files": (
        """
        def double(x):
            import os
            os.makedirs("many", exist_ok=True)
            for number in range(10**6):
                open(f"many/{number}", "w").close()
            return 2 * x""",
        "made too many files",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_its_own_test_and_says_why(name: str, grader: Grader) -> None:
    text, why = BOMBS[name]
    outcome, _ = grade(grader, submission({"double": code(text)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert any(why in str(check.message) for check in outcome.tests["test_double"].checks)


def test_a_fork_bomb_that_never_ends_is_killed(impatient: Grader) -> None:
    bomb = """
        def double(x):
            import os
            while True:
                try:
                    os.fork()
                except OSError:
                    pass"""
    outcome, _ = grade(impatient, submission({"double": code(bomb)}))
    assert scores(outcome) == {**HONEST, "test_double": 0.0}
    assert outcome.status == "partial"


def test_html_and_scripts_do_not_reach_the_graded_notebook(grader: Grader) -> None:
    show = """
        from IPython.display import HTML, Javascript, SVG, display
        display(HTML("<script>alert(1)</script>"), Javascript("alert(2)"))
        display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(3)</script></svg>"))"""
    text = "def double(x):\n    display(HTML('<script>4</script>'))\n    raise ValueError('<script>5</script>')"
    _, notebook = grade(grader, submission({"double": text}, code(show)))
    for name in ("extra", "test_double"):
        found = next(each for each in notebook.cells if each.id == name)
        for output in found.outputs:
            assert set(output.get("data", {})) <= {"text/plain", "image/png", "text/html"}
            assert "<script" not in output.get("data", {}).get("text/html", "")


# --------------------------------------------------------------------------------- afterwards


def test_an_honest_submission_gets_full_marks_after_all_that(grader: Grader) -> None:
    outcome, _ = grade(grader, submission())
    assert scores(outcome) == HONEST
    assert (outcome.status, outcome.reason) == ("graded", None)
