"""A Jupyter kernel in a sandbox: its messages, the cells and calls of one notebook, and the agent that answers inside.

Every message of a kernel is hostile: what is not the answer to the one open request is dropped.
"""

from examiner.codec import REQUEST_LIMITS
from examiner.kernel.host import KernelHost, kernel_files
from examiner.kernel.kernel import Kernel
from examiner.kernel.session import Cell, Session, TimeBudget

__all__ = ["REQUEST_LIMITS", "Cell", "Kernel", "KernelHost", "Session", "TimeBudget", "kernel_files"]
