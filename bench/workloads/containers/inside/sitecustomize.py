"""Runs before the first line of each Python in a container, and writes down when that was.

Mounted into the container, never imported by the harness. CLOCK_MONOTONIC is the same inside as
outside. Only the first Python process counts. The image's own sitecustomize is run afterwards.
"""

import os
import sys
import time

_FILE = "/bench-told/first-line"


def _tell() -> None:
    try:
        handle = os.open(_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except OSError:
        return  # another one was first
    os.write(handle, b"%.9f\n" % time.monotonic())
    os.close(handle)


def _own() -> None:
    """Run the sitecustomize that this one stands in front of, if there is one."""
    sys.path[:] = [folder for folder in sys.path if folder != "/bench-inside"]
    this = sys.modules.pop("sitecustomize")
    try:
        __import__("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", this)  # whoever imports this looks for it there


_tell()
_own()
