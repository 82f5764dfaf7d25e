"""Sample a command from outside with what Python 3.15 brings for it: `sampler.py RATE FILE WORD …`.

Runs in the subject's interpreter, which starts the command, looks at its Python processes (those
that it starts too) RATE times a second, and ends with its status. A process counts from when it
first waits: until then it starts, and our `sitecustomize` in it waits. The module is the one below
`profiling.sampling`, whose own folded stacks leave out folders and child processes. FILE gets
stacks as py-spy writes them: `process 1:"words";function (file:line);… count`. Threads that do
not run are left out.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from typing import Any

_CPU = 1  # `profiling.sampling.constants.PROFILING_MODE_CPU`
_LOOK_S = 0.01
_STARTED_S = 0.3  # some interpreters never wait (`python -I`)


class _Sampler:
    def __init__(self, root: int) -> None:
        self.tools: Any = importlib.import_module("_remote_debugging")  # from 3.15 on
        self.root = root
        self.names: dict[int, str] = {}
        self.unwinders: dict[int, Any] = {}
        self.since: dict[int, float] = {}
        self.started: set[int] = set()
        self.counts: dict[str, int] = {}

    def look(self) -> None:
        """Find processes that have appeared."""
        for pid in (self.root, *self.tools.get_child_pids(self.root)):
            if pid in self.unwinders:
                continue
            try:
                if self.tools.is_python_process(pid):
                    self.unwinders[pid] = self.tools.RemoteUnwinder(
                        pid, all_threads=True, mode=_CPU, skip_non_matching_threads=True, gc=False
                    )
                    self.names[pid] = self._name(pid)
                    self.since[pid] = time.monotonic()
            except (OSError, RuntimeError):  # it begins, or has ended
                continue

    def sample(self) -> None:
        """Count one stack of each thread that runs."""
        for pid, unwinder in list(self.unwinders.items()):
            try:
                found = unwinder.get_stack_trace()
            except (OSError, RuntimeError, UnicodeDecodeError):  # torn, or the process has ended
                continue
            threads = [thread for interpreter in found for thread in interpreter.threads]
            if not threads or time.monotonic() - self.since[pid] > _STARTED_S:
                self.started.add(pid)
            for thread in threads if pid in self.started else ():
                stack = ";".join([self.names[pid], *_frames(thread.frame_info)])
                self.counts[stack] = self.counts.get(stack, 0) + 1

    def _name(self, pid: int) -> str:
        """`process 1:"python x";process 2:"python y"`: a process behind those it was started by."""
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - of any Python
            words = file.read().decode(errors="replace").replace('"', "'").split("\0")
        own = f'process {pid}:"{" ".join(words).strip()}"'
        if pid == self.root:
            return own
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            parent = int(file.read().rpartition(")")[2].split()[1])
        return f"{self.names.get(parent, self.names.get(self.root, ''))};{own}"


def _frames(frames: Any) -> list[str]:  # noqa: ANN401
    return [
        f"{frame.funcname} ({frame.filename}:{frame.location[0] if frame.location else 0})"
        for frame in reversed(frames)
    ]


def main() -> int:
    """Run the command; returns its status, as a shell would."""
    rate, file, *words = sys.argv[1:]
    pid = os.posix_spawnp(words[0], words, os.environ)
    sampler, interval, looked = _Sampler(pid), 1 / float(rate), 0.0
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        now = time.monotonic()
        if now - looked >= _LOOK_S:
            sampler.look()
            looked = now
        sampler.sample()
        time.sleep(max(0.0, interval - (time.monotonic() - now)))
    with open(file, "w", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
        stream.writelines(f"{stack} {count}\n" for stack, count in sampler.counts.items())
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
