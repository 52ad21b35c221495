"""What the examiner's pages and tables look like: one palette, one stylesheet.

The colors are Okabe and Ito's, which color-blind people can tell apart; failed checks also carry a ✗.
"""

from __future__ import annotations

__all__ = [
    "AMBER",
    "BLUE",
    "FAILED",
    "GRAY",
    "GREEN",
    "INK",
    "LINE",
    "ORANGE",
    "PALE",
    "PINK",
    "RED",
    "SKY",
    "SOFT",
    "STYLESHEET",
]

BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
GRAY = "#8C8C8C"
FAILED = "#B3400B"
"""Text of what failed: `RED`, dark enough to be read on white."""
AMBER = "#8A5A00"
"""Text of what is partial: `ORANGE`, dark enough to be read on white."""
INK, SOFT, LINE, PALE = "#1D2530", "#5D6875", "#D9DEE4", "#F4F6F8"

STYLESHEET = f"""
:root {{ --blue: {BLUE}; --orange: {ORANGE}; --red: {FAILED}; --amber: {AMBER};
  --ink: {INK}; --soft: {SOFT}; --line: {LINE}; --pale: {PALE} }}
body {{ font: 15px/1.45 system-ui, sans-serif; color: var(--ink); margin: 2rem auto; max-width: 76rem;
  padding: 0 1.5rem }}
h1 {{ font-size: 1.7rem; margin: 0 }}
h2 {{ font-size: 1.2rem; margin: 2.2rem 0 .6rem }}
.soft {{ color: var(--soft) }}
.warn {{ border-left: 4px solid var(--orange); background: #fff8e8; padding: .5rem .9rem; margin: .8rem 0 }}
.tiles {{ display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0 }}
.tile {{ background: var(--pale); border-radius: 6px; padding: .6rem 1.1rem }}
.tile b {{ display: block; font-size: 1.5rem }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th {{ text-align: left; font-weight: 600; border-bottom: 2px solid var(--line); padding: .3rem .6rem;
  vertical-align: bottom }}
td {{ border-bottom: 1px solid var(--line); padding: .3rem .6rem; vertical-align: top; overflow-wrap: anywhere }}
th.n, td.n {{ text-align: right; white-space: nowrap }}
.id {{ white-space: nowrap }}
code {{ font-size: .92em; white-space: nowrap }}
.failed, .waiting {{ color: var(--red); font-weight: 600 }}
.partial {{ color: var(--amber); font-weight: 600 }}
.bar {{ background: var(--pale); border-radius: 3px; height: .8rem; min-width: 9rem; margin-top: .3rem }}
.bar i {{ display: block; height: 100%; border-radius: 3px; background: var(--blue) }}
img {{ max-width: 100%; height: auto }}
details {{ max-width: 34rem }}
summary {{ cursor: pointer }}
@media print {{ body {{ max-width: none; margin: 0 }} tr {{ break-inside: avoid }} }}
"""
