"""A seccomp filter: the system calls that no notebook needs and that reach beyond the sandbox.

The filter is a program of classic BPF in the form that ``bwrap --seccomp`` takes.  It is a
deny list: bubblewrap's namespaces isolate, the filter takes away the tools (keyrings
and vsock are in no namespace, memory files and SysV segments count in no process's RSS).
"""

from __future__ import annotations

import platform
import struct

# BPF: load a word of seccomp_data, jump if equal / greater or equal, return.
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ARCHITECTURE, NUMBER, FIRST_ARGUMENT, SECOND_ARGUMENT = 4, 0, 16, 24  # offsets in seccomp_data
ALLOW, KILL, EPERM = 0x7FFF0000, 0x80000000, 0x00050000 | 1
X32 = 0x40000000  # x86_64's second numbering of the same calls

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SOCKET = {"x86_64": 41, "aarch64": 198}
FAMILIES = (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink: the ones that a network namespace confines
FCNTL = {"x86_64": 72, "aarch64": 25}
F_SETLEASE = 1024  # a lease of a file that other sandboxes show would make them wait

# Name: (number on x86_64, number on aarch64).
DENIED = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # kernel keyrings
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    # memory that no process's resident size shows
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # wide doors into the kernel
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "personality": (135, 92),
    "syslog": (103, 116),
    "acct": (163, 89),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
}


def program(machine: str | None = None) -> bytes:
    """Assemble the filter for one processor.

    Parameters
    ----------
    machine : str, optional
        As `platform.machine` calls it; by default the one at hand.

    Returns
    -------
    bytes
        An array of ``struct sock_filter``; empty where the processor is unknown.
    """
    machine = machine or platform.machine()
    if machine not in AUDIT:
        return b""
    column = list(AUDIT).index(machine)
    numbers, families = [pair[column] for pair in DENIED.values()], len(FAMILIES)
    return b"".join(
        [
            _step(LOAD, ARCHITECTURE),
            _step(IF_EQUAL, AUDIT[machine], 1, 0),
            _step(RETURN, KILL),
            _step(LOAD, NUMBER),
            _step(IF_AT_LEAST, X32, 0, 1),
            _step(RETURN, EPERM),
            *(_step(IF_EQUAL, number, len(numbers) - i + families + 3, 0) for i, number in enumerate(numbers)),
            _step(IF_EQUAL, SOCKET[machine], 2, 0),
            _step(IF_EQUAL, FCNTL[machine], families + 3, 0),
            _step(RETURN, ALLOW),
            _step(LOAD, FIRST_ARGUMENT),
            *(_step(IF_EQUAL, family, families - i + 3, 0) for i, family in enumerate(FAMILIES)),
            _step(RETURN, EPERM),
            _step(LOAD, SECOND_ARGUMENT),
            _step(IF_EQUAL, F_SETLEASE, 0, 1),
            _step(RETURN, EPERM),
            _step(RETURN, ALLOW),
        ]
    )


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
