"""The sandbox that submitted code runs in: bubblewrap, limits by named mechanisms, a watchdog.

What it holds, and what it does not hold, is in ``docs/threat-model.md``.
"""

from examiner.sandbox.health import check_isolation, isolation_findings
from examiner.sandbox.linux.processes import Process
from examiner.sandbox.linux.usage import Stopwatch
from examiner.sandbox.sandbox import Sandbox, shared_files
from examiner.sandbox.scratch import SharedFiles

__all__ = ["Process", "Sandbox", "SharedFiles", "Stopwatch", "check_isolation", "isolation_findings", "shared_files"]
