"""Controls moved with a mouse and a keyboard: what students play with, in JupyterLab, in Chromium."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, expect

from examiner.notebooks import read, solutions
from tests.browser.lab import SECONDS, TOKEN, jupyter_lab
from tests.conftest import RELEASE, SOURCE

pytestmark = pytest.mark.slow
# Unlike `img` elements, none of these are icons.
PICTURE = ".jupyter-widgets img[src^='data:image/png']"
EARLIER = "01_layers", "02_losses", "03_regularization", "04_fully_connected_net"


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A notebook of a student who has finished four others and two rules, with all of its cells run."""
    folder, home = Path(shutil.copytree(RELEASE, tmp_path / "neural_networks")), tmp_path / "home"
    for name in EARLIER:
        notebook, right = read(folder / f"{name}.ipynb"), solutions(read(SOURCE / f"{name}.ipynb"))
        for each in notebook.cells:
            each.source = right.get(each.id, each.source)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    rules = solutions(read(SOURCE / "05_optimization.ipynb"))
    cells = [
        "import numpy as np\nfrom toolkit import play\nfrom toolkit.earlier import answers",
        "network = answers('04_fully_connected_net').FullyConnectedNet",
        f"{rules['sgd']}\n\n\n{rules['sgd_momentum']}",
        "play.valley(sgd_momentum)",
        "play.playground(network, {'SGD': (sgd, 0.3), 'momentum': (sgd_momentum, 0.03)})",
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = new_notebook(
        cells=[new_markdown_cell("# Play"), *map(new_code_cell, cells)], metadata={"kernelspec": kernel}
    )
    nbformat.write(made, folder / "play.ipynb")
    home.mkdir()
    expect.set_options(timeout=1000 * SECONDS)
    with jupyter_lab(folder, home, JUPYTER_CONFIG_DIR=str(home / "config")) as (address, _):
        window = browser.new_page(viewport={"width": 1280, "height": 1400})
        window.set_default_timeout(1000 * SECONDS)
        window.goto(f"{address}lab/tree/play.ipynb?token={TOKEN}")
        expect(window.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
        window.get_by_role("menuitem", name="Run", exact=True).click()
        window.get_by_text("Run All Cells", exact=True).click()
        yield window
        window.close()


def pictures(area: Locator, *until: str) -> list[str]:
    """The different pictures that are shown in an area, as words, until one with all of these comes."""
    seen: list[str] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        shown = area.locator(PICTURE)
        words = shown.last.get_attribute("alt") or "" if shown.count() else ""
        if words and words not in seen:
            seen.append(words)
        if all(each in words for each in until):
            return seen
    pytest.fail(f"No picture with {until!r}, but {seen}; the area: {area.inner_text()}")


def test_controls_draw_with_the_students_own_functions(page: Page) -> None:
    valley, playground = (page.locator(".jp-CodeCell").filter(has_text=text) for text in ("play.valley", "play.play"))
    pictures(valley, "η 0.3, μ 0.9")
    slider = valley.locator("[role=slider]").first
    slider.focus()
    slider.press("ArrowRight")
    pictures(valley, "η 0.6, μ 0.9")
    playground.get_by_role("button", name="Train").click()
    frames = pictures(playground, "step 0 ", "step 80 ", "step 200 ", "step 600 ")  # at the end, four side by side
    assert len(frames) >= 3, "the boundary moves while the network trains"
    expect(playground.locator(PICTURE)).to_have_count(1)
    expect(playground.locator(PICTURE)).to_have_attribute("alt", frames[-1])
