"""Guesses and results: each in its row, whatever was written as a guess."""

from __future__ import annotations

import math

import pytest

from toolkit import plots


def points(ax):
    """What is drawn in each row: (x, is it filled) by row."""
    markers = [line for line in ax.lines if line.get_marker() == "o"]
    return {(line.get_ydata()[0], line.get_markerfacecolor() != "none"): line.get_xdata()[0] for line in markers}


def test_a_guess_is_a_circle_and_a_result_a_point(draw, capsys):
    (ax,) = draw(plots.guess_and_truth, "height, m", {"first": 3, "second": None}, {"first": 4.0, "second": 5.0}).axes
    assert points(ax) == {(0, False): 3, (0, True): 4.0, (1, True): 5.0}
    assert [text.get_text() for text in ax.get_yticklabels()] == ["first", "second"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["your guess", "result"]
    assert (ax.get_xlabel(), ax.get_xlim()[0]) == ("height, m", 0)
    assert capsys.readouterr().out.splitlines() == ["first: 4 (you said 3)", "second: 5 (no guess)"]


def test_a_guess_that_is_right_is_seen_around_the_point(draw):
    (ax,) = draw(plots.guess_and_truth, "zeros", {"L2": 0}, {"L2": 0}).axes
    circle, point = (line for line in ax.lines if line.get_marker() == "o")
    assert circle.get_markersize() > point.get_markersize() + 2
    assert [circle.get_clip_on(), point.get_clip_on()] == [False, False]  # 0 is at the edge of the axes


@pytest.mark.parametrize("guess", ["a lot", ..., math.nan, [1]])
def test_what_is_no_number_is_no_guess(guess, draw, capsys):
    (ax,) = draw(plots.guess_and_truth, "share", {"ReLU": guess}, {"ReLU": 0.5}).axes
    assert points(ax) == {(0, True): 0.5}
    assert "no guess" in capsys.readouterr().out


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show(draw, capsys):
    (ax,) = draw(
        plots.guess_and_truth, "share", {"ReLU": 0, "sigmoid": 1e-9}, {"ReLU": 1.0, "sigmoid": 1e-10}, log=True
    ).axes
    assert ax.get_xscale() == "log"
    assert points(ax) == {(0, True): 1.0, (1, False): 1e-9, (1, True): 1e-10}
    assert "ReLU: 1 (you said 0)" in capsys.readouterr().out
