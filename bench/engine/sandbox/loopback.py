"""Raise the loopback interface of a new network namespace, then become the program that is named.

Run as a script behind `unshare --net` (`python -I -S loopback.py COMMAND…`), never imported by the
harness: a namespace begins with its loopback interface down. Raising it takes a privilege, which a
user namespace lends with `unshare --keep-caps`; the program itself is not given it, or no file
would be unreadable for a test. Where it is not allowed, the program is not started.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4


def raise_loopback() -> None:
    """Raise the interface. Raises `OSError` where that is not allowed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        answer = fcntl.ioctl(handle, _SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
        (flags,) = struct.unpack("16xh22x", answer)
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


if __name__ == "__main__":
    raise_loopback()
    ctypes.CDLL(None).prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    os.execvp(sys.argv[1], sys.argv[1:])
