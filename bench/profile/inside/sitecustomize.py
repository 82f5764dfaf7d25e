"""Runs in every Python process of a profiled benchmark, before its own first line.

Never imported by the harness. What it does follows from BENCH_PROFILE, `MODE:FOLDER`; each process
writes files of its own there. Nothing may be imported before the benchmark's own code runs that the
interpreter has not loaded already, or is built in: it would be missing in the profile.
"""

import os
import time  # built in

_WAIT_S = 0.2


def _wait(_folder: str) -> None:
    """Do nothing until a sampler that was started with us has found us; it skips idle time."""
    time.sleep(_WAIT_S)


_MODES = {"wait": _wait}


def _start(wanted: str) -> None:
    mode, _, folder = wanted.partition(":")
    _MODES[mode](folder)


if "BENCH_PROFILE" in os.environ:
    _start(os.environ["BENCH_PROFILE"])
