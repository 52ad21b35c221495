"""Controls below a picture, where somebody can move them; nothing where nobody can."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ParamSpec

P = ParamSpec("P")

WIDGET = "application/vnd.jupyter.widget-view+json"
WITHOUT_KERNEL = "Controls: run this cell to use them."


@dataclass(frozen=True)
class Knob:
    """One setting that a control changes."""

    label: str
    values: Sequence[Any]
    start: Any
    """One of the values."""


def interactive() -> bool:
    """Return whether controls can work: ipywidgets is installed, and a notebook's page started this kernel.

    Jupyter's server names the notebook in the environment of kernels that it starts for a page, and VS Code sets a
    variable in the kernel. Grading, `nbconvert` and scripts do neither.
    """
    if find_spec("ipywidgets") is None:
        return False
    if "JPY_SESSION_NAME" in os.environ:
        return True
    from IPython.core.getipython import get_ipython  # not before: scripts do not need it

    shell = get_ipython()
    return shell is not None and "__vsc_ipynb_file__" in shell.user_ns


def offer(draw: Callable[..., None], knobs: Mapping[str, Knob], *, button: str | None = None) -> None:
    """Show controls, and below them what `draw` draws with their settings. Does nothing where nobody can use them.

    Parameters
    ----------
    draw : callable
        Called with one keyword argument for each knob.
    knobs : mapping of str to Knob
        The controls, by the name of the argument.
    button : str, optional
        Text of a button that draws. Without it, each change of a control draws.
    """
    if not interactive():
        return
    import ipywidgets as widgets
    from IPython.display import clear_output, display

    controls = {name: _control(widgets, knob) for name, knob in knobs.items()}
    area = widgets.Output()

    def redraw(_: object = None) -> None:
        with area:
            clear_output(wait=True)  # type: ignore[no-untyped-call]
            draw(**{name: control.value for name, control in controls.items()})

    rows = list(controls.values())
    if button is None:
        for control in rows:
            control.observe(redraw, names="value")
    else:
        start = widgets.Button(description=button)
        start.on_click(redraw)
        rows.append(start)
    bundle = widgets.VBox([*rows, area])._repr_mimebundle_()
    display({WIDGET: bundle[WIDGET], "text/plain": WITHOUT_KERNEL}, raw=True)  # type: ignore[no-untyped-call]
    if button is None:
        redraw()


def _control(widgets: Any, knob: Knob) -> Any:
    """A slider for numbers, a list for everything else."""
    numbers = all(isinstance(value, (int, float)) for value in knob.values)
    options = [(f"{value:g}" if numbers else str(value), value) for value in knob.values]
    kind = widgets.SelectionSlider if numbers else widgets.Dropdown
    wide = {"style": {"description_width": "8em"}, "layout": {"width": "min(28em, 95%)"}}
    more = {"continuous_update": False} if numbers else {}
    return kind(options=options, value=knob.start, description=knob.label, **wide, **more)


def waits_for_answers(function: Callable[P, None]) -> Callable[P, None]:
    """Let an experiment say what is missing, where a function that it uses is not written yet."""

    @functools.wraps(function)
    def run(*args: P.args, **named: P.kwargs) -> None:
        try:
            function(*args, **named)
        except NotImplementedError as missing:
            print(f"Nothing to draw yet. {missing}. Then run this cell again.")

    return run
