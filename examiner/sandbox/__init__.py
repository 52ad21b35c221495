"""The sandbox that submitted code runs in: bubblewrap, limits by named mechanisms, a watchdog.

What it holds, and what it does not hold, is in ``docs/threat-model.md``.
"""

from examiner.sandbox.sandbox import Sandbox, check_isolation

__all__ = ["Sandbox", "check_isolation"]
