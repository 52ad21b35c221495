"""What axe-core finds on a page that keeps people from reading it."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["serious_findings"]


def serious_findings(window: Page, context: Any = None) -> list[str]:
    """Give the serious and critical findings, each with the rule and the element.

    Parameters
    ----------
    window : Page
    context : optional
        axe-core's own: what of the page is looked at.
    """
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in Axe().run(window, context=context).response["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
