"""Values with large arrays, in a file in memory that others map: no copy is made, and nobody can change it.

This also runs inside a sandbox, before submitted code does: it trusts what it reads, which is the examiner's own.
Seals keep the content as it is, but not a file's attributes and position: whoever has a descriptor of the file can
leave a message there. So none is left once the file is mapped.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
from typing import Any

__all__ = ["new_file", "read_shared", "write_shared"]

ALIGNMENT = 64
SIZE = 8  # bytes of the head's length


def new_file() -> int:
    """Make an empty file in memory for `write_shared`, and give its descriptor."""
    return os.memfd_create("examiner", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


def write_shared(descriptor: int, value: Any) -> None:
    """Write a value into an empty file in memory, and seal it.

    Parameters
    ----------
    descriptor : int
        Of a file that `new_file` made.
    value : object
        Trusted, and made of what pickles.
    """
    import fcntl  # only Linux has seals; this module is imported everywhere

    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(value, 5, buffer_callback=buffers.append)
    arrays = [buffer.raw() for buffer in buffers]
    head = pickle.dumps((content, [array.nbytes for array in arrays]))
    with open(descriptor, "wb", closefd=False) as file:
        file.write(len(head).to_bytes(SIZE) + head)
        for array in arrays:
            file.write(bytes(-file.tell() % ALIGNMENT))
            file.write(array)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)


def read_shared(descriptor: int) -> Any:
    """Map what `write_shared` wrote, for as long as this process lives, and close the descriptor.

    Parameters
    ----------
    descriptor : int

    Returns
    -------
    object
        Its arrays are read-only.
    """
    try:
        mapped = _mapped(descriptor)
    finally:
        os.close(descriptor)
    place = SIZE + int.from_bytes(mapped[:SIZE])
    content, sizes = pickle.loads(mapped[SIZE:place])
    arrays = []
    for size in sizes:
        place += -place % ALIGNMENT
        arrays.append(mapped[place : place + size])
        place += size
    return pickle.loads(content, buffers=arrays)


def _mapped(descriptor: int) -> memoryview:
    """A file's content, without the copy of the descriptor that Python's `mmap` keeps open.

    The mapping is private: Linux before 6.7 takes any shared one of a sealed file for one that could be written to.
    """
    system = ctypes.CDLL(None, use_errno=True)
    system.mmap.restype = ctypes.c_void_p
    system.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    size = os.fstat(descriptor).st_size
    address = system.mmap(None, size, mmap.PROT_READ, mmap.MAP_PRIVATE, descriptor, 0)
    if address == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B").toreadonly()
