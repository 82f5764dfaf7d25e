"""What a process finds when it starts, besides HOME: the inline files of its benchmark."""

from __future__ import annotations

from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation
from bench.engine.measure.homes import HomeError
from bench.engine.sandbox.folders import give_like


def put_files(benchmark: Benchmark, invocation: Invocation) -> None:
    """Write the files of `[benchmark.files]` into the folder where the process starts.

    Called before each process, which may have changed them. Raises `HomeError`.
    """
    start = invocation.folder or invocation.cwd
    try:
        if not start.resolve().is_relative_to(invocation.cwd.resolve()):
            raise HomeError(f"a process has put a link in the place of {start}")
        for name, content in benchmark.files.items():
            file = start / name
            if not file.parent.resolve().is_relative_to(start.resolve()):
                raise HomeError(f"a process has put a link in the place of {file.parent}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)  # it may be a link to one that is kept
            file.write_text(content, encoding="utf-8")
            give_like(start, invocation.cwd)
    except OSError as error:
        raise HomeError(f"its files cannot be written: {error}") from error
