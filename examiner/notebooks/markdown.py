"""A student's Markdown, made harmless: an instructor's browser shows it in formgrader and feedback.

HTML stays text, no link runs a script, and only pictures are attached.
"""

from __future__ import annotations

import html
import re
from typing import Any

from examiner.notebooks.outputs import clean_text, picture

__all__ = ["attached_pictures", "harmless_markdown"]

MAX_ATTACHED = 20  # pictures of one cell
KINDS = "image/png", "image/jpeg"
# A space after "<" makes text of what a browser would take for a tag, and harms no formula.
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://)")
_ACTIVE = ("javascript:", "vbscript:", "data:text", "data:image/svg", "data:application", "```mermaid", "~~~mermaid")
# A relative link that leaves the graded folder: formgrader serves everything below the course's folder.
_UPWARDS = "../", "..%", "%2e", "%2f", "%5c"
_FORMULA_LINK = "\\href"  # MathJax makes a link of it, whatever its address
_ATTACHED = re.compile(r"""attachment:([^)\s"'>\]]*)""")


def harmless_markdown(text: str) -> str:
    """Give Markdown without HTML, without control characters, and without links where one would run a script."""
    text = _TAG.sub("< ", clean_text(text))
    seen = re.sub(r"[\s\\\x00-\x1f]", "", html.unescape(html.unescape(text))).lower()
    if any(each in seen for each in (*_ACTIVE, *_UPWARDS)):
        text = text.replace("](", "] (").replace("]:", "] :").replace("mermaid", "mermaid (text)")
    if _FORMULA_LINK in html.unescape(html.unescape(text)):
        text = text.replace("&", "& ").replace(_FORMULA_LINK, "\\mathrm{href}")
    return text


def attached_pictures(text: str, attachments: Any) -> tuple[str, dict[str, dict[str, str]]]:
    """Choose the pictures that were pasted into a text cell.

    Where the text names one that is not chosen, nbconvert would end the feedback of the whole submission: the name is
    changed.

    Parameters
    ----------
    text : str
        The cell's Markdown.
    attachments : object
        What the cell has attached; anything in it may be damaged.

    Returns
    -------
    str
        The Markdown.
    dict of str to dict
        The pictures, as a notebook holds them.
    """
    pictures = _pictures(attachments)
    text = _ATTACHED.sub(lambda link: link[0] if link[1] in pictures else f"left-out:{link[1]}", text)
    seen = html.unescape(html.unescape(text)).replace("\\", "")
    if any(name not in pictures for name in _ATTACHED.findall(seen)):
        text = text.replace("](", "] (").replace("]:", "] :")
    return text, pictures


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for name, data in list(attachments.items())[:MAX_ATTACHED] if isinstance(attachments, dict) else []:
        if isinstance(name, str) and isinstance(data, dict):
            found = {kind: good for kind in KINDS if (good := picture(kind, data.get(kind)))}
            if found and name[:200].isprintable():
                kept[name[:200]] = found
    return kept
