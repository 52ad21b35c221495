"""What Linux gives to hold a sandbox: control groups, system call filters, ``/proc``, process descriptors.

Each module wraps one mechanism and knows nothing of the others.
"""

__all__ = ["cgroup", "processes", "seccomp", "usage"]
