"""What runs inside a sandbox, where `examiner` cannot be imported: the fork server, and the kernel that it forks.

These modules are files for the sandbox: nothing in this process imports them, except their tests.
"""

__all__ = []
