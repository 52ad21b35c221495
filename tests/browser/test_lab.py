"""A student's evening in JupyterLab and in Notebook 7, in Chromium, from the release folder alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Browser, Locator, Page, expect

from examiner.notebooks import read, solutions
from tests.browser.axe import serious_findings
from tests.browser.lab import SECONDS, TOKEN, jupyter_lab
from tests.conftest import RELEASE, SOURCE

pytestmark = pytest.mark.slow
SETTINGS = {
    # All cells are in the page, not only those in sight.
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
}
NOTEBOOK_ADDRESS = {"lab": "lab/tree", "notebook": "notebooks"}
"""Where each program shows a notebook."""
PHONE = 390  # pixels
WRONG = "def affine_forward(x, w, b):\n    out = x.reshape(len(x), -1) @ w\n    return out, (x, w, b)"
TOO_WIDE = """() => [...document.querySelectorAll("mjx-container")].filter(formula => {
    const page = formula.closest(".jp-RenderedMarkdown").getBoundingClientRect();
    return formula.querySelector("mjx-math").getBoundingClientRect().right > page.right + 1;
}).map(formula => formula.closest(".jp-Cell").innerText.split("\\n")[0] + ": " + formula.textContent)"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's copy of the release, where notebook 1 is finished, run and saved: `done.ipynb`."""
    folder = Path(shutil.copytree(RELEASE, tmp_path_factory.mktemp("evening") / "neural_networks"))
    notebook, right = read(folder / "01_layers.ipynb"), solutions(read(SOURCE / "01_layers.ipynb"))
    for cell in notebook.cells:
        cell.source = right.get(cell.id, cell.source)
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(notebook, folder / "done.ipynb")
    return folder


@pytest.fixture(scope="module")
def jupyter(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of notebooks in a JupyterLab or Notebook 7 that runs in this folder."""
    program: str = request.param
    home = tmp_path_factory.mktemp("home")
    for name, content in SETTINGS.items():
        (home / "settings" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "settings" / name).write_text(json.dumps(content))
    variables = {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTER_CONFIG_DIR": str(home / "config")}
    with jupyter_lab(folder, home, program=program, **variables) as (address, _):
        yield f"{address}{NOTEBOOK_ADDRESS[program]}"


def opened(browser: Browser, jupyter: str, name: str, width: int = 1280) -> Page:
    """A window with a notebook, its formulas drawn."""
    window = browser.new_page(viewport={"width": width, "height": 1000})
    window.set_default_timeout(1000 * SECONDS)
    expect.set_options(timeout=1000 * SECONDS)
    window.goto(f"{jupyter}/{name}?token={TOKEN}")
    expect(window.locator(".jp-Notebook .jp-CodeCell").first).to_be_visible()
    expect(window.locator(".jp-Notebook .jp-RenderedMarkdown mjx-container").first).to_be_visible()
    expect(window.locator(".jp-Notebook .jp-RenderedMarkdown").filter(has_text=re.compile(r"\$.+\$"))).to_have_count(0)
    return window


@pytest.fixture
def page(browser: Browser, jupyter: str, folder: Path) -> Iterator[Page]:
    """The first notebook as it was released, open, its kernel ready."""
    shutil.copy(RELEASE / "01_layers.ipynb", folder)
    (folder / "neural_networks.zip").unlink(missing_ok=True)
    window = opened(browser, jupyter, "01_layers.ipynb")
    expect(window.locator(".jp-NotebookPanel-toolbar [data-status=idle]").first).to_be_visible()
    yield window
    window.close()


def cell(page: Page, text: str) -> Locator:
    """The code cell that has this text."""
    return page.locator(".jp-CodeCell").filter(has_text=text).first


def run(page: Page, text: str) -> Locator:
    """Run a cell and wait for its end; its outputs."""
    chosen = cell(page, text)
    prompt = chosen.locator(".jp-InputArea-prompt").first
    before = prompt.inner_text()
    prompt.click()
    page.keyboard.press("Control+Enter")
    expect(prompt).not_to_have_text(before)
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))
    return chosen.locator(".jp-OutputArea")


def run_all_above(page: Page, text: str) -> None:
    """Run what is above a cell, the collapsed helpers too."""
    cell(page, text).locator(".jp-InputArea-prompt").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Above Selected Cell").click()


def write(page: Page, text: str, source: str) -> None:
    """Replace what is in an answer cell, as typing does."""
    cell(page, text).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)


@pytest.mark.parametrize("jupyter", ["lab", pytest.param("notebook", marks=pytest.mark.long)], indirect=True)
def test_an_evening(page: Page, folder: Path) -> None:
    run_all_above(page, 'Checks("affine_forward"')
    assert "Exercise 1.1" in run(page, 'Checks("affine_forward"').inner_text()
    write(page, "def affine_forward(x", WRONG)
    run(page, "def affine_forward(x")
    said = run(page, 'Checks("affine_forward"').inner_text()
    assert "✗" in said
    assert "b is" in said or "bias" in said
    write(page, "def affine_forward(x", solutions(read(SOURCE / "01_layers.ipynb"))["affine_forward"])
    run(page, "def affine_forward(x")
    said = run(page, 'Checks("affine_forward"').inner_text()
    assert "✗" not in said
    assert "so far; hidden checks decide the rest" in said
    page.keyboard.press("Control+s")
    end = time.monotonic() + SECONDS
    while "so far; hidden checks" not in (folder / "01_layers.ipynb").read_text() and time.monotonic() < end:
        time.sleep(0.2)
    assert re.search(r"01_layers +1 of 10 +4 of", run(page, "show_progress()").inner_text())
    done = subprocess.run([sys.executable, "-m", "toolkit.submit"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr  # something is missing
    assert "- 02_losses.ipynb, not written yet: 2.1, 2.A, 2.2, 2.B." in done.stdout
    with zipfile.ZipFile(folder / "neural_networks.zip") as archive:
        assert "01_layers.ipynb" in {Path(name).name for name in archive.namelist()}


@pytest.mark.parametrize(
    ("jupyter", "width"), [("lab", 1280), ("notebook", 1280), ("notebook", PHONE)], indirect=["jupyter"]
)
def test_everybody_can_read_a_notebook_that_was_run(browser: Browser, jupyter: str, width: int) -> None:
    """Texts, outputs and figures; the program's own menus and editors are not ours."""
    window = opened(browser, jupyter, "done.ipynb", width)
    expect(window.locator(".jp-OutputArea-output img")).to_have_count(5)
    own = {"include": [[".jp-RenderedMarkdown"], [".jp-OutputArea-output"]]}
    assert serious_findings(window, own) == []
    window.close()


@pytest.mark.parametrize("jupyter", ["notebook"], indirect=True)
def test_formulas_fit_a_phone(browser: Browser, jupyter: str, notebooks: dict[str, object]) -> None:
    for name in notebooks:
        window = opened(browser, jupyter, f"{name}.ipynb", PHONE)
        window.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        assert window.evaluate(TOO_WIDE) == [], name
        assert window.evaluate("document.documentElement.scrollWidth") <= PHONE, name
        window.close()
