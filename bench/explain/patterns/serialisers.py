"""Serialisers that take long in a scenario, and others on the very values they were given there."""

from __future__ import annotations

import ast
import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.core.errors import BenchError
from bench.engine.measure.invocations import control_benchmark
from bench.explain.counters.running import NotCountedError, scratch
from bench.explain.patterns.script import TASK
from bench.explain.patterns.setting import Setting
from bench.explain.profile.folded import Stacks
from bench.explain.rank.analysis import Alternative, Pattern
from bench.explain.rank.recording import with_path

_FOLDER = Path(__file__).parents[1] / "agents" / "payloads"
_MOST_CALLS = 2000
_MOST_BYTES = 20_000_000
_SECONDS = 3.0
_MS = 1000.0

SERIALISERS = {
    "json": "orjson or msgspec",
    "pickle": "a format of its own, or not at all",
    "copy": "building anew what is needed",
    "tomlkit": "tomllib, where nothing is written back",
    "yaml": "its C loader",
    "msgpack": "its C extension, or json",
    "ast": "keeping the tree that was parsed",
    "libcst": "keeping the tree that was parsed, or ast",
}
# What can be tried on a scenario's own values: the other's name, and its version where it is to be
# installed beside the subject.
_OTHERS: Mapping[str, Sequence[tuple[str, str]]] = {
    "json": (("orjson", "3.12.0"), ("msgspec", "0.22.0")),
    "tomlkit": (("tomllib", ""),),
    "yaml": (("libyaml", ""),),
}

_MODULES = {"orjson": "orjson", "msgspec": "msgspec", "tomllib": "tomllib", "libyaml": "yaml"}

Support = Callable[[str, str], Path]  # package, version → its folder for the subject's Python


@dataclass(frozen=True)
class Taken:
    """CPU seconds, and for whom most of them: the nearest own function, else the caller."""

    cost_s: float
    caller: str

    @property
    def words(self) -> str:
        """For whom."""
        return f", most of it for `{self.caller}`" if self.caller else ""


@dataclass(frozen=True)
class _Kept:
    """The file of a scenario's values: how many calls are in it, and how many there were."""

    file: Path
    calls: Mapping[str, int]
    seen: Mapping[str, Mapping[str, int]]
    size: int


def taken_by_serialisers(runs: Sequence[Stacks], project: str, least_s: float) -> dict[str, Taken]:
    """Each serialiser's time with all that it calls, imports aside, if that is so much.

    `project` is the group of the project's own frames.
    """
    whole: dict[str, float] = defaultdict(float)
    callers: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for stacks in runs:
        for stack, time_ms in stacks.items():
            packages = ["" if one.is_module else one.module.partition(".")[0] for one in stack]
            for package in SERIALISERS.keys() & set(packages):
                taken_s = time_ms / _MS / len(runs)
                whole[package] += taken_s
                before = [one for one in stack[: packages.index(package)] if not one.is_module]
                own = [one for one in before if one.group == project] or before
                if own:
                    callers[package][own[-1].title.removesuffix("()")] += taken_s
    return {
        name: Taken(whole[name], max(callers[name], key=callers[name].__getitem__, default=""))
        for name in SERIALISERS
        if whole[name] >= least_s
    }


def serialisers(
    setting: Setting, taken: Mapping[str, Taken], support: Support, least_s: float
) -> Iterator[Pattern]:
    """What others would take for the same values; raises `NotCountedError`."""
    known = [name for name in taken if name in _OTHERS]
    with scratch(setting.once) as folder:
        kept = _keep(setting, known, folder) if known else None
        for package, one in taken.items():
            if kept is None or not kept.calls.get(package):
                yield _without_estimate(package, one)
                continue
            others = [_try(setting, kept, package, other, support) for other in _OTHERS[package]]
            yield _pattern(package, one, kept, others, least_s)


def _keep(setting: Setting, packages: Sequence[str], folder: Path) -> _Kept:
    """Run once, slowly, and keep what the serialisers are given."""
    file = folder / "kept"
    variables = {
        **with_path(setting.once, _FOLDER),
        "BENCH_TAP": str(file),
        "BENCH_TAP_PACKAGES": ",".join(packages),
        "BENCH_TAP_MOST": f"{_MOST_CALLS},{_MOST_BYTES}",
        "BENCH_TAP_WITHIN": TASK if setting.is_script else "",
    }
    setting.runner.run(setting.benchmark, setting.once, variables=variables)
    told = file.with_name(f"{file.name}.told")
    if not told.exists():
        raise NotCountedError("no Python process of it could be asked for what it serialises")
    calls, seen, size = ast.literal_eval(told.read_text(encoding="ascii"))
    by_package: dict[str, dict[str, int]] = defaultdict(dict)
    for (package, function), times in seen.items():
        by_package[package][function] = times
    return _Kept(file, calls, by_package, size)


def _try(
    setting: Setting, kept: _Kept, package: str, other: tuple[str, str], support: Support
) -> Alternative:
    name, version = other
    python = str(setting.environment.venv / "bin" / "python")
    result = kept.file.with_name(f"{package}-{name}")
    program = (python, str(_FOLDER / "contest.py"), str(kept.file), package, name, str(result))
    try:
        path = with_path(setting.once, support(name, version)) if version else {}
        invocation = dataclasses.replace(
            setting.once,
            argv=(*program, str(_SECONDS)),
            env={**setting.once.env, **path},
            home=None,
        )
        warm = dataclasses.replace(invocation, argv=(python, "-c", f"import {_MODULES[name]}"))
        setting.runner.run(control_benchmark(), warm)  # its import is measured from a warm disk
        setting.runner.run(control_benchmark(), invocation)
    except (NotCountedError, BenchError) as error:
        return Alternative(name, problem=str(error).splitlines()[0])
    told = ast.literal_eval(result.read_text(encoding="ascii"))
    if setting.is_script:
        told["import_ns"] = 0  # outside what it times
    return _alternative(name, told)


def _alternative(name: str, told: Mapping[str, Any]) -> Alternative:
    runs = told.get("runs", [])
    notes = [f"{times} × {reason}" for reason, times in sorted(told.get("reasons", {}).items())]
    return Alternative(
        name,
        calls=told.get("calls", 0),
        refused=sum(told.get("reasons", {}).values()),
        reasons=tuple(notes),
        texts_differ=told.get("texts", 0),
        was_s=median(was for was, _ in runs) / 1e9 if runs else 0.0,
        takes_s=median(takes for _, takes in runs) / 1e9 if runs else 0.0,
        import_s=told.get("import_ns", 0) / 1e9,
        runs=len(runs),
        problem=told.get("problem", ""),
    )


def _pattern(
    package: str, taken: Taken, kept: _Kept, others: Sequence[Alternative], least_s: float
) -> Pattern:
    seen = kept.seen[package]
    calls = ", ".join(f"{times:,} of `{package}.{name}`" for name, times in sorted(seen.items()))
    evidence = f"called by this scenario: {calls}{taken.words}"
    if sum(seen.values()) > kept.calls[package]:
        evidence += f", of which the first {kept.calls[package]:,} were kept and tried"
    if package == "tomlkit" and seen.get("dumps"):
        evidence += "; some is written back, and has to be parsed by `tomlkit`"
    tried = [one for one in others if one.runs]
    # Shares, since the machine may have been slower while one of them was timed.
    best = max(tried, key=lambda one: one.saving_s / one.was_s, default=None)
    return Pattern(
        "serialiser",
        package,
        evidence,
        f"`{best.name}`, {_care(best)}" if best else f"to try: {SERIALISERS[package]}",
        "a micro-benchmark on the scenario's own values" if best else "samples; no estimate",
        cost_s=taken.cost_s,
        saving_s=best.saving_s if best else None,
        pays=best is None or best.saving_s >= least_s,
        alternatives=tuple(others),
    )


def _care(best: Alternative) -> str:
    """What to look out for."""
    if best.texts_differ:
        return (
            f"where nobody compares texts: {best.texts_differ} differ from today's (spaces, "
            "escapes), with the same data"
        )
    return "which gave the same for all that was timed"


def _without_estimate(package: str, taken: Taken) -> Pattern:
    tried = package in _OTHERS
    why = "; none of its calls could be kept (another process, or other functions)" if tried else ""
    return Pattern(
        "serialiser",
        package,
        f"functions of `{package}` are running in that time, with all they call{taken.words}{why}",
        f"to try: {SERIALISERS[package]}",
        "samples; no estimate",
        cost_s=taken.cost_s,
    )
