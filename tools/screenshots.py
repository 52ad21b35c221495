"""Take screenshots of pages, to be checked by eye: narrow and wide, light and dark.

``python tools/screenshots.py FOLDER PAGE…`` writes ``PAGE-WIDTH-SCHEME.png`` into the folder, for files or addresses.
It says which requests a page made, and what scrolls sideways on a phone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

WIDTHS = 1280, 390
SCHEMES = "light", "dark"
TALLEST = 12_000  # pixels: what is below is cut off


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def shoot(browser: Browser, address: str, name: str, folder: Path) -> Iterator[str]:
    """Write the pictures of one page, and yield a line about each.

    Parameters
    ----------
    browser : Browser
    address : str
    name : str
        How the pictures' names begin.
    folder : Path
    """
    for width in WIDTHS:
        for scheme in SCHEMES:
            options: Any = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            page = browser.new_page(**options)
            requests: list[str] = []
            page.on("request", lambda request, found=requests: found.append(request.url))
            page.goto(address)
            wide = page.evaluate("document.documentElement.scrollWidth") - width
            tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
            page.set_viewport_size({"width": width, "height": tall})
            target = folder / f"{name}-{width}-{scheme}.png"
            page.screenshot(path=target)
            others = [each for each in requests[1:] if not each.startswith("data:")]
            said = f", {wide} px too wide" if wide > 0 else ""
            said += f", requests {others}" if others else ""
            yield f"{target}{said}"
            page.close()


def main() -> None:
    """Shoot all pages that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="+", help="files or addresses")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for page in options.pages:
            path = Path(page)
            address = path.resolve().as_uri() if path.exists() else page
            for line in shoot(browser, address, path.stem, options.folder):
                print(line)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
