"""``python -m examiner``: the `examiner` command."""

import sys

from examiner.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
