"""``python -m examiner``: the `examiner` command."""

import sys

if __name__ == "__main__":  # a worker process imports this file again, and needs nothing of the command
    from examiner.cli.main import main

    sys.exit(main())
