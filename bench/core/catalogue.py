"""The targets that exist: files under `bench/targets/`, read and checked."""

from __future__ import annotations

import difflib
import hashlib
import os
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bench.core.errors import UsageError
from bench.core.service import Request
from bench.core.target import READ, Target, line_of_path, parse_target


def target_names(folder: Path) -> list[str]:
    """Names of all targets; a file that starts with `_` (the commented example) is none."""
    return sorted(file.stem for file in folder.glob("*.toml") if not file.name.startswith("_"))


def load_target(name: str, folder: Path) -> Target:
    """Read one target from the folder of targets.

    Raises `UsageError` when there is no such target, or its file cannot be read or is no target;
    the message names the file and, where it can be told, key and line.
    """
    file = folder / f"{name}.toml"
    if name not in target_names(folder):
        raise _unknown(name, target_names(folder), folder)
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
        target = parse_target(text)
    except msgspec.ValidationError as error:
        raise UsageError(_explain(file, text, str(error)), _HELP) from error
    except ValueError as error:
        raise UsageError(f"{file}: this is not valid TOML: {error}", _HELP) from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    if target.is_read:
        raise UsageError(f"{file}: names that end in {READ} are for projects without a file.")
    if target.name != name:
        raise UsageError(
            f"{file}: name = {target.name!r}, but the file is {name}.toml: both must agree."
        )
    try:
        return _with_copies(_with_container(_with_service(target, folder), folder), folder)
    except ValueError as error:
        raise UsageError(f"{file}: {error}", _HELP) from error


def _with_service(target: Target, folder: Path) -> Target:
    """The target with its `[service]`, requests file included, in each benchmark that measures it.

    Raises `UsageError` when the requests cannot be read, and `ValueError` when a benchmark measures
    what is not declared.
    """
    service = target.service
    if service is None:
        if any(one.service for one in target.benchmark):
            raise ValueError("a benchmark measures a service, but there is no [service]")
        return target
    if service.requests:
        asked = _read_requests(folder / service.requests)
        service = replace(service, requests="", request=(*service.request, *asked))
    benchmarks = tuple(
        replace(one, service=one.service.completed(service)) if one.service else one
        for one in target.benchmark
    )
    return replace(target, service=service, benchmark=benchmarks)


def _with_container(target: Target, folder: Path) -> Target:
    """The target with its `[container]`, digest included, in each benchmark that measures it.

    Raises `UsageError` when files that it ships cannot be read, and `ValueError` when a benchmark
    measures what is not declared, or what an image hasn't got.
    """
    container = target.container
    if container is None:
        if any(one.container for one in target.benchmark):
            raise ValueError("a benchmark measures a container, but there is no [container]")
        return target
    if container.shipped:
        container = replace(container, shipped_digest=_folder_digest(folder / container.shipped))
    alien = [one.name for one in target.benchmark if not one.container]
    if alien:
        raise ValueError(
            f"{alien[0]!r} runs outside the image, but a target with [container] is measured inside"
        )
    benchmarks = tuple(
        replace(one, container=one.container.completed(container))
        for one in target.benchmark
        if one.container
    )
    return replace(target, container=container, benchmark=benchmarks)


def _with_copies(target: Target, folder: Path) -> Target:
    """The target with the digest of each folder that a benchmark has copied.

    Raises `UsageError` when there is no such folder, or it cannot be read.
    """
    if not any(one.copy for one in target.benchmark):
        return target
    return replace(
        target,
        benchmark=tuple(
            replace(one, copy_digest=_folder_digest(folder / one.copy)) if one.copy else one
            for one in target.benchmark
        ),
    )


def _folder_digest(folder: Path) -> str:
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder to copy.", _HELP)
    found = hashlib.sha256()
    try:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix().encode()
            if file.is_symlink():
                found.update(name + b"\0" + str(file.readlink()).encode() + b"\0")
            elif file.is_file():
                content = hashlib.sha256(file.read_bytes()).digest()
                found.update(name + bytes([os.access(file, os.X_OK)]) + content)
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}.") from error
    return found.hexdigest()[:16]


def _read_requests(file: Path) -> tuple[Request, ...]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[Request, ...])
    except OSError as error:
        problem = f"{file}: the requests of [service] cannot be read: {error.strerror}"
        raise UsageError(problem) from error
    except ValueError as error:
        raise UsageError(f"{file}: {error}", _HELP) from error


_HELP = "bench/targets/_example.toml shows every key with a comment."


def _unknown(name: str, known: list[str], folder: Path) -> UsageError:
    close = difflib.get_close_matches(name, known, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    return UsageError(
        f"There is no target {name!r}.{meant}",
        f"Known targets: {', '.join(known)}. To add one, add the file {folder}/{name}.toml.",
    )


def _explain(file: Path, text: str, error: str) -> str:
    problem, _, path = error.partition(" - at `")
    path = path.rstrip("`")
    if not path:
        return f"{file}: {problem}"
    line = line_of_path(text, path)
    where = f"{file}:{line}" if line else str(file)
    return f"{where}: {path.removeprefix('$.')}: {problem}"
