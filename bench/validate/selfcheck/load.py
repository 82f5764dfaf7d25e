"""Load of our own making: busy processes that end by themselves, and are stopped before that."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_BUSY = """\
import os, sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end and os.getppid() == int(sys.argv[2]):
    for _ in range(100000): pass
"""
_SETTLE_S = 0.3


@contextmanager
def busy(executable: Path, processes: int, at_most_s: float) -> Iterator[None]:
    """Keep `processes` processes busy inside the block.

    They are killed when the block is left. Should the harness itself be killed, each notices that
    its parent is gone, and ends `at_most_s` seconds after its start whatever happens.
    """
    words = [str(executable), "-I", "-S", "-c", _BUSY, f"{at_most_s:g}", str(os.getpid())]
    with ExitStack() as running:
        for _ in range(processes):
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
            running.callback(process.wait)
            running.callback(process.kill)
        time.sleep(_SETTLE_S)
        yield
