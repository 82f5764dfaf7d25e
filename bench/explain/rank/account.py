"""Run a command, and write down the CPU time that it took, with that of its children.

Runs as a program of its own (`python -I -S account.py FILE COMMAND …`), around a recorded process:
what that takes after its last line of Python, nobody in it can see. Never imported.
"""

from __future__ import annotations

import os
import sys


def main(file: str, command: list[str]) -> None:
    """Ends as the command does."""
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    with open(file, "w", encoding="ascii") as stream:  # noqa: PTH123 - pathlib takes long to import
        stream.write(repr({"cpu_ns": round((used.ru_utime + used.ru_stime) * 1e9)}))
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
