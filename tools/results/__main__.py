"""`make results`: train, measure, draw, and write README's table and docs/results.md."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

if __name__ == "__main__":  # not where it is imported: programs that are started from there would inherit it
    # One thread: ratios of processor times are fair, and a busy machine disturbs them least.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("MPLBACKEND", "Agg")

REAL = {"mnist", "california_housing"}
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "assignment" / "neural_networks"))

from toolkit.data import DataError
from tools.results.context import Context
from tools.results.page import write
from tools.results.steps import steps
from tools.results.store import Store, run


def main(arguments: list[str] | None = None) -> None:
    """Compute what is missing, and write the pages from all that is there."""
    parser = argparse.ArgumentParser(prog="python -m tools.results", description=__doc__)
    parser.add_argument("--small", action="store_true", help="few examples and epochs: does it still work?")
    parser.add_argument("--folder", type=Path, help="results and checkpoints; .cache/results if not given")
    parser.add_argument("--root", type=Path, help="where README.md and docs/ are written; this project if not given")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no step after so many seconds")
    parser.add_argument("--only", default="", help="compute only steps whose name contains this")
    options = parser.parse_args(arguments)
    if options.small and not (options.folder and options.root):
        parser.error("--small needs --folder and --root: its figures must not replace the real ones")
    folder, root = options.folder or ROOT / ".cache" / "results", options.root or ROOT
    context, store = Context.load(folder, small=options.small), Store(folder)
    found = {context.mnist.name, context.housing.name}
    if not options.small and found != REAL:
        raise DataError(f"The results need {' and '.join(sorted(REAL))}, not {' and '.join(sorted(found))}: see README")
    run([step for step in steps(context) if options.only in step.name], store, options.seconds)
    print(write(context, store, root))


if __name__ == "__main__":
    try:
        main()
    except DataError as error:
        sys.exit(str(error))
