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
:root {{ color-scheme: light dark; --paper: #fff; --blue: {BLUE}; --orange: {ORANGE}; --green: #00735A; --red: {FAILED};
  --amber: {AMBER}; --ink: {INK}; --soft: {SOFT}; --line: {LINE}; --pale: {PALE}; --warn: #FFF8E8 }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ --paper: #14181D; --blue: {SKY}; --green: #4CC9A4;
  --red: #FF9B6B; --amber: #F0B74A; --ink: #E4E8EC; --soft: #A3ADB8; --line: #39424C; --pale: #20272E;
  --warn: #2E2716 }} img:not([src^="data:image/svg"]) {{ background: #fff }} }}
body {{ font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 76rem; padding: 0 1.5rem; overflow-wrap: anywhere }}
body.narrow {{ max-width: 52rem }}
h1 {{ font-size: 1.7rem; margin: 0; overflow-wrap: anywhere }}
h2 {{ font-size: 1.2rem; margin: 2.2rem 0 .6rem; overflow-wrap: anywhere }}
h3 {{ font-size: 1rem; margin: .2rem 0 .5rem; overflow-wrap: anywhere }}
a {{ color: var(--blue) }}
.soft {{ color: var(--soft) }}
.warn {{ border-left: 4px solid var(--orange); background: var(--warn); padding: .5rem .9rem; margin: .8rem 0 }}
.tiles {{ display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0 }}
.tile {{ background: var(--pale); border-radius: 6px; padding: .6rem 1.1rem }}
.tile b {{ display: block; font-size: 1.5rem }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th {{ text-align: left; font-weight: 600; border-bottom: 2px solid var(--line); padding: .3rem .6rem;
  vertical-align: bottom }}
td {{ border-bottom: 1px solid var(--line); padding: .3rem .6rem; vertical-align: top }}
th, td {{ overflow-wrap: break-word; max-width: 30rem }}
th.n, td.n {{ text-align: right }}
td.n {{ white-space: nowrap }}
.id {{ white-space: nowrap }}
.reason {{ overflow-wrap: anywhere; min-width: 7rem }}
code {{ font-size: .92em }}
.failed, .waiting {{ color: var(--red); font-weight: 600 }}
.partial {{ color: var(--amber); font-weight: 600 }}
progress {{ width: 100%; min-width: 5rem; accent-color: var(--blue) }}
img {{ max-width: 100%; height: auto }}
pre, pre code {{ white-space: pre-wrap; overflow-wrap: anywhere }}
pre {{ background: var(--pale); border-radius: 4px; padding: .6rem .8rem; font-size: .85rem }}
math[display=block] {{ overflow-x: auto; overflow-y: hidden; margin: .6rem 0 }}
details {{ max-width: 34rem }}
details.pair {{ max-width: none }}
.sides {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem }}
.sides > div {{ min-width: 0 }}
th button {{ all: unset; cursor: pointer }}
th button:focus-visible {{ outline: 2px solid var(--blue); outline-offset: 2px }}
th[aria-sort=ascending] button::after {{ content: " ▲" / "" }}
th[aria-sort=descending] button::after {{ content: " ▼" / "" }}
.filter input {{ font: inherit; color: inherit; background: var(--pale); border: 1px solid var(--soft);
  border-radius: 4px; padding: .2rem .5rem; margin-bottom: .6rem }}
.narrow details {{ max-width: none }}
summary {{ cursor: pointer }}
.rest {{ color: var(--soft); border-top: 1px solid var(--line); padding: .3rem 0; margin-top: 1rem }}
.rest[open] {{ color: inherit }}
.points {{ font-size: .95rem; white-space: nowrap }}
.passed span:first-child {{ color: var(--green) }}
.test {{ border-left: 4px solid var(--red); padding: .1rem 0 .1rem 1rem; margin: 1rem 0 }}
.diagnosis, .comment {{ border-left: 4px solid var(--blue); background: var(--pale); padding: .4rem .9rem;
  margin: .6rem 0 }}
@media (min-height: 30rem) {{ .scheme {{ position: sticky; top: 0; max-height: 40vh; overflow-y: auto }} }}
@media (max-width: 36rem) {{ .stack, .stack tbody, .stack tr, .stack td {{ display: block }}
  .stack tr:has(th) {{ display: none }} .stack tr {{ border-bottom: 1px solid var(--line); padding: .5rem 0 }}
  .stack td {{ border: 0; padding: .1rem 0; text-align: left }}
  .stack td[data-unit]::after {{ content: " " attr(data-unit) }} }}
@media print {{ :root {{ color-scheme: light }} body {{ max-width: none; margin: 0 }}
  tr, .test, .comment {{ break-inside: avoid }} h1, h2, h3 {{ break-after: avoid }}
  .rest, .filter {{ display: none }} section details::details-content {{ content-visibility: visible; height: auto }} }}
"""
