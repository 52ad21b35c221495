"""Students' Markdown: text and pictures, and nothing that a browser would run."""

from __future__ import annotations

import html

import pytest

from examiner.notebooks.markdown import attached_pictures, harmless_markdown
from tests.examiner.notebooks.test_outputs import png


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "![x](JavaScript:alert(1))",
        "[r]\n\n[r]: javascript:alert(1)",
        "[z](&#106;avascript:alert(1))",
        "[z](java\\script:alert(1))",
        "[z](java\x07script:alert(1))",
        "[z](data:text/html;base64,AAAA)",
        "[z](..%2f..%2f..%2fsubmitted/eve/small/evil.html)",
        "[z](../../../submitted/eve/small/evil.html)",
        "[z](%2e%2e/evil.html)",
        "[z](&#46;&#46;&sol;evil.html)",
        "[z]: ..%5C..%5Cevil.html",
    ],
)
def test_a_link_that_runs_a_script_is_no_link(text: str) -> None:
    page = harmless_markdown(text)
    assert "](" not in page
    assert "]:" not in page


@pytest.mark.parametrize(
    "text",
    [
        r"$\href{javascript:alert(1)}{x}$",
        r"$\def\a#1{\href{java#1}{x}}\a{script:alert(1)}$",
        r"&#36;\hr&#101;f{https://example.org}{x}&dollar;",
    ],
)
def test_a_formula_holds_no_link(text: str) -> None:
    assert r"\href" not in html.unescape(harmless_markdown(text))


def test_an_honest_text_stays_as_it_is() -> None:
    text = "See [the data](https://example.org/data: a note) and ![mine](attachment:mine.png): $a < b$\n\n- ümlaut"
    assert harmless_markdown(text) == text


def test_html_and_control_characters_are_text() -> None:
    assert harmless_markdown("<img src=x>\x1b[31m\u202e</b><!-- -->") == "< img src=x>< /b>< !-- -->"
    assert harmless_markdown("$a<b$ and <https://example.org>") == "$a< b$ and <https://example.org>"


def test_only_pictures_are_attached() -> None:
    attachments = {
        "a.png": {"image/png": png(2, 2), "text/html": "<script>"},
        "b.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
        "huge.png": {"image/png": png(20_000, 20_000)},
        "odd": "text",
        "new\nline": {"image/png": png(2, 2)},
    }
    text, pictures = attached_pictures("![a](attachment:a.png) ![b](attachment:b.svg)", attachments)
    assert pictures == {"a.png": {"image/png": png(2, 2)}}
    assert text == "![a](attachment:a.png) ![b](left-out:b.svg)"


@pytest.mark.parametrize("attachments", [None, [], "x", {}, {"a.png": None}, {"a.png": {"image/png": 5}}])
def test_damaged_attachments_are_none(attachments: object) -> None:
    assert attached_pictures("![a](attachment&colon;a.png)", attachments) == ("![a] (attachment&colon;a.png)", {})


def test_pasted_pictures_are_few() -> None:
    _, pictures = attached_pictures("", {f"{number}.png": {"image/png": png(1, 1)} for number in range(50)})
    assert len(pictures) == 20
