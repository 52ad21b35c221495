"""Controls where somebody can move them, and nothing elsewhere."""

from __future__ import annotations

from types import SimpleNamespace

import ipywidgets
import pytest
from IPython.display import display  # noqa: F401 - imported before it is replaced

from toolkit.play import Knob, controls, interactive, offer
from toolkit.play.controls import WIDGET, WITHOUT_KERNEL, waits_for_answers

KNOBS = {"rate": Knob("learning rate", (0.1, 0.3), 0.3), "kind": Knob("penalty", ("L1", "L2"), "L1")}


@pytest.fixture
def page(monkeypatch):
    """A notebook's page: what is displayed, and the widgets by description."""
    shown, made = [], {}
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook.ipynb")
    monkeypatch.setattr("IPython.display.display", lambda bundle, **options: shown.append(bundle))
    real = controls._control

    def control(widgets, knob):
        return made.setdefault(knob.label, real(widgets, knob))

    monkeypatch.setattr(controls, "_control", control)
    return SimpleNamespace(shown=shown, made=made)


def test_only_the_kernel_of_a_page_is_interactive(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert not interactive()
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook.ipynb")
    assert interactive()


def test_without_ipywidgets_there_are_no_controls(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook.ipynb")
    monkeypatch.setattr(controls, "find_spec", lambda name: None)
    assert not interactive()


def test_a_page_of_vs_code_is_interactive(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell = SimpleNamespace(user_ns={"__vsc_ipynb_file__": "notebook.ipynb"})
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    assert interactive()


def test_nothing_is_offered_where_nobody_can_move_it(monkeypatch, page):
    monkeypatch.delenv("JPY_SESSION_NAME")
    offer(lambda rate, kind: pytest.fail("drawn"), KNOBS)
    assert page.shown == []
    assert page.made == {}


def test_a_change_of_a_control_draws_with_all_settings(page):
    drawn = []
    offer(lambda rate, kind: drawn.append((rate, kind)), KNOBS)
    slider, choice = page.made["learning rate"], page.made["penalty"]
    assert isinstance(slider, ipywidgets.SelectionSlider)
    assert isinstance(choice, ipywidgets.Dropdown)
    slider.value = 0.1
    choice.value = "L2"
    assert drawn == [(0.3, "L1"), (0.1, "L1"), (0.1, "L2")]


def test_a_reader_without_a_kernel_sees_a_sentence(page):
    offer(lambda rate, kind: None, KNOBS)
    (bundle,) = page.shown
    assert set(bundle) == {WIDGET, "text/plain"}
    assert bundle["text/plain"] == WITHOUT_KERNEL


def test_with_a_button_nothing_is_drawn_before_it_is_pressed(page, monkeypatch):
    buttons, drawn = [], []
    real = ipywidgets.Button
    monkeypatch.setattr(ipywidgets, "Button", lambda **named: buttons.append(real(**named)) or buttons[-1])
    offer(lambda rate, kind: drawn.append((rate, kind)), KNOBS, button="Train")
    page.made["learning rate"].value = 0.1
    assert drawn == []
    buttons[0].click()
    assert drawn == [(0.1, "L1")]


def test_an_answer_that_is_missing_is_named_calmly(capsys):
    @waits_for_answers
    def experiment() -> None:
        raise NotImplementedError("Exercise 5.2: write sgd_momentum")

    experiment()
    said = "Nothing to draw yet. Exercise 5.2: write sgd_momentum. Then run this cell again.\n"
    assert capsys.readouterr().out == said


def test_other_errors_are_the_students_to_see():
    @waits_for_answers
    def experiment() -> None:
        raise ValueError("shapes")

    with pytest.raises(ValueError, match="shapes"):
        experiment()
