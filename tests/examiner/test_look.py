"""One palette, readable on white and told apart by color-blind people, and a stylesheet that uses it."""

from __future__ import annotations

import re

import pytest

from examiner import look


def luminance(color: str) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["FAILED", "AMBER", "INK", "SOFT", "BLUE"])
def test_text_can_be_read_on_white(name: str) -> None:
    assert 1.05 / (luminance(getattr(look, name)) + 0.05) >= 4.5


def test_colors_are_distinct() -> None:
    names = [name for name in look.__all__ if name != "STYLESHEET"]
    assert len({getattr(look, name) for name in names}) == len(names)


def test_the_stylesheet_is_complete_and_needs_nothing() -> None:
    assert look.STYLESHEET.count("{") == look.STYLESHEET.count("}")
    used = set(re.findall(r"var\((--\w+)\)", look.STYLESHEET))
    assert used <= set(re.findall(r"(--\w+):", look.STYLESHEET))
    assert "url(" not in look.STYLESHEET
    assert "<" not in look.STYLESHEET
