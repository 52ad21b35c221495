"""A student's evening in JupyterLab, in Chromium, from the release folder alone."""

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

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from examiner.notebooks import read, solutions
from tests.browser.lab import SECONDS, TOKEN, jupyter_lab
from tests.conftest import RELEASE, SOURCE

pytestmark = pytest.mark.slow
SETTINGS = {
    # All cells are in the page, not only those in sight.
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
}
WRONG = "def affine_forward(x, w, b):\n    out = x.reshape(len(x), -1) @ w\n    return out, (x, w, b)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's copy of the release."""
    return Path(shutil.copytree(RELEASE, tmp_path_factory.mktemp("evening") / "neural_networks"))


@pytest.fixture(scope="module")
def lab(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that runs in this folder."""
    home = tmp_path_factory.mktemp("home")
    for name, content in SETTINGS.items():
        (home / "settings" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "settings" / name).write_text(json.dumps(content))
    variables = {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTER_CONFIG_DIR": str(home / "config")}
    with jupyter_lab(folder, home, **variables) as (address, _):
        yield address


@pytest.fixture
def page(browser: Browser, lab: str) -> Iterator[Page]:
    """The first notebook, open, its kernel ready."""
    window = browser.new_page(viewport={"width": 1280, "height": 1000})
    window.set_default_timeout(1000 * SECONDS)
    expect.set_options(timeout=1000 * SECONDS)
    window.goto(f"{lab}lab/tree/01_layers.ipynb?token={TOKEN}")
    expect(window.locator(".jp-Notebook .jp-CodeCell").first).to_be_visible()
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


def test_an_evening(page: Page, folder: Path) -> None:
    expect(page.locator("mjx-container").first).to_be_visible()
    assert "$$" not in page.locator(".jp-RenderedMarkdown").all_inner_texts()[3]
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
