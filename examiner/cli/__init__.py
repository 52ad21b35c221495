"""The `examiner` command: one module for each subcommand, which parses and prints, and nothing else.

Exit status: 0 done, 1 something is wrong with the work, 2 wrong usage or environment.
"""

from examiner.cli.main import main

__all__ = ["main"]
