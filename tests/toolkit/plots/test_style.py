"""The palette, the style of new axes, and the public names of the package."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from toolkit import plots
from toolkit.plots import style


def test_every_plot_function_is_exported():
    modules = [importlib.import_module(f"toolkit.plots.{m.name}") for m in pkgutil.iter_modules(plots.__path__)]
    functions = {
        name
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and module is not style and not name.startswith("_")
    }
    assert functions == {name for name in plots.__all__ if inspect.isfunction(getattr(plots, name))}
    assert plots.__all__ == sorted(plots.__all__)


def luminance(color):
    """Return the relative luminance of a color, as the Web Content Accessibility Guidelines define it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_the_palette_is_okabe_and_itos():
    assert style.COLORS == ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
    assert plots.BLUE_TO_ORANGE(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)


def test_blue_and_orange_differ_in_luminance():
    """They are the first two colors, which must differ in print and for color-blind people."""
    assert (luminance(style.ORANGE) + 0.05) / (luminance(style.BLUE) + 0.05) > 2


def test_new_axes_are_in_the_style(draw):
    def figure():
        axes = style.new_axes(3, 2, width=2.0, height=1.5)
        assert len(axes) == 6
        for number, ax in enumerate(axes):
            style.set_labels(ax, f"panel {number}", "x (m)", "y (s)")
            ax.plot([0, 1])
        plt.show()

    drawn = draw(figure)
    assert drawn.get_size_inches() == pytest.approx((6, 3))
    assert [ax.get_title() for ax in drawn.axes] == [f"panel {number}" for number in range(6)]
    assert drawn.axes[0].lines[0].get_color() == style.BLUE
    assert not drawn.axes[0].spines["top"].get_visible()


def test_a_figure_is_said_in_words() -> None:
    left, right = style.new_axes(2)
    left.plot([0, 1, 2], [0.5, 1, 4], label="yours")
    left.plot([0, 2], [0, 0])
    style.set_labels(left, "Loss\nby step", "step", "loss")
    right.imshow(np.eye(3))
    right.set_title("Weights")
    assert style.described(left.figure) == (
        "Loss by step: loss against step; yours from (0, 0.5) to (2, 4); a curve from (0, 0) to (2, 0). "
        "Weights: a picture."
    )


def test_an_empty_figure_and_one_of_many_panels_are_said_too() -> None:
    assert style.described(plt.figure()) == "An empty figure."
    panels = style.new_axes(8)
    for number, ax in enumerate(panels):
        ax.set_title(f"panel {number}")
    said = style.described(panels[0].figure)
    assert said.startswith("panel 0: nothing drawn. panel 1:")
    assert said.endswith("panel 5: nothing drawn. And 2 more panels.")


def run(code):
    """Run some lines in a process of its own; what they print."""
    folder = str(Path(plots.__file__).parents[2])
    lines = f"import sys\nsys.path.insert(0, {folder!r})\nfrom toolkit import plots\n{code}"
    return subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True).stdout.split()


def test_matplotlib_is_loaded_with_the_first_figure():
    assert run("print('matplotlib' in sys.modules, hasattr(plots, '_repr_html_'), 'matplotlib' in sys.modules)") == [
        "False",
        "False",
        "False",
    ]
    assert run("plots.valley; print('matplotlib' in sys.modules)") == ["True"]
    assert run("print('digits' in dir(plots))") == ["True"]
    assert run("from toolkit.plots import *; print(valley.__name__)") == ["valley"]
    assert run("print(plots.style.__name__)") == ["toolkit.plots.style"]


def test_a_misspelled_figure_is_named():
    with pytest.raises(AttributeError, match=r"^module 'toolkit.plots' has no attribute 'trainig'$"):
        _ = plots.trainig
