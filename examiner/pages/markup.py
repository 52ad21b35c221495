"""What students, graders and the course wrote, as harmless HTML: Markdown with formulas, code, plain text.

Formulas become MathML, which browsers show without a script; what cannot be converted stays visible as its source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from examiner.notebooks import clean_text

__all__ = ["code", "code_style", "formula", "markdown", "text"]

MAX_FORMULA = 2_000  # characters
MAX_BLOCKS = 200  # marks of block formulas: the time to look for the end of those that have none grows with the square
MAX_CODE = 6_000  # characters that are colored, which makes them many times longer; a longer source stays as it is
# What defines or loads something: a few lines of it can grow without end.
_POWERFUL = re.compile(r"\\(?:[gex]?def|let|(?:re)?new|provide|require|input|include|href|url|class|style|cssId)")
# Folded text is shown unfolded: the page folds by itself.
_FOLDED = re.compile(r"<summary>([^<\n]*)</summary>|</?details>")
_ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "msub", "msup",
    "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mpadded", "mphantom", "menclose",
    "mmultiscripts", "mprescripts", "none",
}  # fmt: skip
_ATTRIBUTES = {
    "display", "mathvariant", "stretchy", "fence", "form", "separator", "lspace", "rspace", "largeop", "movablelimits",
    "accent", "accentunder", "linethickness", "displaystyle", "scriptlevel", "columnalign", "columnlines",
    "columnspacing", "rowlines", "rowspacing", "notation", "mathsize",
    "minsize", "maxsize", "symmetric",
}  # fmt: skip
_MATHML = "{http://www.w3.org/1998/Math/MathML}"


def text(content: str) -> str:
    """Give a text without control characters and colors.

    Parameters
    ----------
    content : str
    """
    return clean_text(content)


def code(source: str) -> Markup:
    """Color Python code.

    Parameters
    ----------
    source : str
    """
    source = clean_text(source)
    if len(source) > MAX_CODE:
        return Markup("<pre>{}</pre>").format(source)
    return Markup(highlight(source, PythonLexer(stripnl=False), _formatter("default")))


def code_style() -> str:
    """The stylesheet of colored code, for light and dark pages."""
    dark = _formatter("github-dark").get_style_defs(".code")
    light = _formatter("default").get_style_defs(".code")
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"


@cache
def _formatter(style: str) -> Any:
    return HtmlFormatter(style=style, cssclass="code", wrapcode=True)


def markdown(source: str, pictures: Mapping[str, str] | None = None) -> Markup:
    """Turn Markdown into HTML: HTML in it stays text, and no picture is fetched.

    Parameters
    ----------
    source : str
    pictures : mapping of str to str, optional
        Addresses of attached pictures, by name.
    """
    source = _FOLDED.sub(lambda tag: f"**{tag[1]}**" if tag[1] else "", clean_text(source))
    if source.count("$$") > MAX_BLOCKS:
        return Markup("<pre>{}</pre>").format(source)
    rendered = _parser().render(source, {"pictures": dict(pictures or {})})
    return Markup(rendered)


def formula(latex: str, *, block: bool = False) -> str:
    """Turn LaTeX into MathML, or into its source as text where that does not work.

    Parameters
    ----------
    latex : str
    block : bool, optional
        Whether it stands on a line of its own.
    """
    if len(latex) <= MAX_FORMULA and not _POWERFUL.search(latex):
        try:
            return _checked(convert(latex, display="block" if block else "inline"))
        except Exception:
            pass
    shown = f"<code>{escape(latex)}</code>"
    return f"<p>{shown}</p>" if block else shown


def _checked(mathml: str) -> str:
    """MathML of known elements and attributes only.

    Raises
    ------
    ValueError
        It has an element that is not known.
    """
    root = ElementTree.fromstring(mathml)
    for element in root.iter():
        name = element.tag.removeprefix(_MATHML)
        if name not in _ELEMENTS:
            raise ValueError(name)
        element.tag = name
        element.attrib = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES}
    return ElementTree.tostring(root, encoding="unicode")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, renderer=_rendered, double_inline=True)
    parser.use(amsmath_plugin, renderer=lambda latex: formula(latex, block=True))
    parser.add_render_rule("image", _image)
    return parser


def _rendered(latex: str, options: Mapping[str, Any]) -> str:
    return formula(latex, block=bool(options.get("display_mode")))


def _image(self: Any, tokens: Any, index: int, options: Any, env: Mapping[str, Any]) -> str:
    """An attached picture; of every other one, its text."""
    token = tokens[index]
    address = env["pictures"].get(str(token.attrs.get("src", "")).removeprefix("attachment:"))
    said = escape(token.content or "picture")
    return f'<img src="{escape(address)}" alt="{said}">' if address else f"[{said}]"
