"""How pages are made: one environment for all templates, one stylesheet, and a policy that forbids everything else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from examiner.look import STYLESHEET
from examiner.outcome import sentence
from examiner.pages import markup

__all__ = ["render"]


def render(template: str, script: str | None = None, **content: Any) -> str:
    """Make a page that needs nothing else: every text in it is escaped, unless `examiner.pages.markup` has made it.

    Parameters
    ----------
    template : str
        Its file beside this one.
    script : str, optional
        The file of a script of our own, which the template has as `code`: no other one runs.
    **content : object
        What the template shows.
    """
    style = f"{STYLESHEET}\n{markup.code_style()}"
    code = "" if script is None else resources.files("examiner.pages").joinpath(script).read_text(encoding="utf-8")
    # Nothing is loaded, whatever might be on the page; the stylesheet and a script are known by their hashes.
    policy = f"default-src 'none'; img-src data:; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    policy += f"; script-src {_hash(code)}" if code else ""
    shown = {**content, "style": Markup(style), "code": Markup(code), "policy": policy}
    return _environment().get_template(template).render(shown)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    loader = PackageLoader("examiner.pages", ".")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["clean"] = sentence
    environment.filters["text"] = markup.text
    environment.filters["code"] = markup.code
    environment.filters["markdown"] = markup.markdown
    environment.filters["breakable"] = lambda name: escape(name).replace("_", Markup("_<wbr>"))
    environment.filters["number"] = lambda value: "–" if value is None else f"{value:.4g}"
    return environment
