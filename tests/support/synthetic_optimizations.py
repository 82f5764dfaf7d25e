"""An optimisation as it is stored, of a project that does not exist: nothing is run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.core.revision import Revision, Source
from bench.core.verdict import Interval, Verdict
from bench.engine.store.documents import moment
from bench.explain.optimize.record import (
    FORMAT,
    BaselineRecord,
    BranchRecord,
    CheckRecord,
    ExcludedSite,
    FirstUse,
    Gain,
    GuardRecord,
    ImportsRecord,
    LeftRecord,
    Optimization,
    OptimizationAsked,
    OptimizationEvent,
    Progress,
    RunReference,
    SiteRecord,
    StepRecord,
    Stood,
    WholeRecord,
)
from bench.explain.optimize.stored import OPTIMIZATIONS
from support.synthetic_runs import RunPlan, machine_of

BASE, FIRST, TIP = "a" * 40, "b" * 40, "c" * 40
STARTED = "2026-11-30T11:00:00+00:00"
_IMPORTED = {
    "sample": (0.004, ""),
    "sample.cli": (0.006, "sample"),
    "git": (0.030, "sample.cli"),
    "git.repo": (0.025, "git"),
    "requests": (0.045, "sample.cli"),
    "urllib3": (0.020, "requests"),
    "inspect": (0.009, "sample"),
}


def asked(**how: object) -> OptimizationAsked:
    """What was asked, with anything changed."""
    usual = {
        "format": FORMAT,
        "id": moment(STARTED),
        "target": "sample",
        "revision": Revision(
            source=Source.GIT, name="v1", identity=BASE, date="2026-11-01", subject="Add commands"
        ),
        "scenarios": ("help", "import-sample"),
        "words": {"help": "sample --help", "import-sample": "import sample"},
        "pythons": ("3.12", "3.13"),
        "form": "function",
        "least": 0.01,
        "alpha": 0.05,
        "branch": "perf/optimize-aaaaaaaaaa",
        "separate": True,
        "recipes": ("defer-imports",),
        "machine": machine_of(RunPlan()),
        "harness": {"commit": "d" * 40},
        "started_at": STARTED,
        "requires_python": ">=3.10",
        "distribution": "sample",
        "own": ("sample",),
        "origin": "https://example.org/sample/sample",
        "repeat": "python -m bench optimize sample v1 --separate",
    }
    return OptimizationAsked(**{**usual, **how})  # type: ignore[arg-type]


def gain(scenario: str, python: str, ratio: float, base_s: float = 0.2) -> Gain:
    """A decided change: narrow, on twelve rounds."""
    verdict = Verdict.FASTER if ratio < 0.98 else Verdict.SAME
    return Gain(
        scenario=scenario,
        python=python,
        verdict=verdict,
        interval=Interval(ratio, ratio * 0.99, ratio * 1.01),
        base_s=base_s,
        head_s=base_s * ratio,
        rounds=12,
        metric="cpu",
    )


def site(line: int, *names: str) -> SiteRecord:
    """A statement of `src/sample/cli.py` that is deferred."""
    return SiteRecord(
        file="src/sample/cli.py",
        line=line,
        words=f"import {', '.join(names)} in the functions that use it",
        names=names,
    )


def imports(scenario: str, after: int, *without: str) -> ImportsRecord:
    """What a scenario imports, but some modules."""
    modules = {name: told for name, told in _IMPORTED.items() if name not in without}
    return ImportsRecord(
        scenario=scenario,
        python="3.13",
        commit=(BASE, FIRST, TIP)[after],
        after=after,
        process_s={"help": (0.2, 0.08, 0.07), "import-sample": (0.03, 0.03, 0.021)}[scenario][
            after
        ],
        bare_s=0.012,
        modules=modules,
    )


def usual_events() -> tuple[OptimizationEvent, ...]:
    """Two steps that are kept and one that is not, to a plateau."""
    tests = CheckRecord(name="tests", passed=True, words="312 tests pass as before", took_s=20.0)
    run = RunReference(f"{BASE[:10]}..{FIRST[:10]}", "3.13", "sample-machine", "20261130")
    return (
        BaselineRecord(
            python="3.13",
            failing=("tests/test_net.py::test_fetch",),
            modules=40,
            not_imported={"sample.windows": "ModuleNotFoundError: No module named 'winreg'"},
        ),
        imports("help", 0),
        imports("import-sample", 0),
        StepRecord(
            number=1,
            recipe="defer-imports",
            title="defer git and requests until a command needs them",
            why="No other module takes these names.",
            kept=True,
            sites=(site(4, "git"), site(5, "requests")),
            excluded=(
                ExcludedSite(
                    site=site(9, "json"), check="tests", failure="tests/test_cli.py::test_dump"
                ),
            ),
            predicted_s={"help": 0.118, "import-sample": 0.0},
            checks=(CheckRecord(name="imports", passed=True, words="40 modules"), tests),
            commit=FIRST,
            parent=BASE,
            gains=(
                gain("help", "3.12", 0.42),
                gain("help", "3.13", 0.4),
                gain("import-sample", "3.12", 1.0, 0.03),
                gain("import-sample", "3.13", 1.0, 0.03),
            ),
            runs=(run,),
            alpha=0.01,
        ),
        StepRecord(
            number=2,
            recipe="early-version",
            title="answer --version before anything is imported",
            why="The version is read from the same file.",
            kept=False,
            sites=(site(1),),
            reason="scenarios: standard output of version differs",
        ),
        StepRecord(
            number=3,
            recipe="defer-imports",
            title="defer inspect until a signature is shown",
            why="No other module takes these names.",
            kept=True,
            sites=(site(2, "inspect"),),
            predicted_s={"help": 0.009, "import-sample": 0.009},
            checks=(tests,),
            commit=TIP,
            parent=FIRST,
            gains=(
                gain("help", "3.12", 0.9, 0.084),
                gain("help", "3.13", 0.88, 0.08),
                gain("import-sample", "3.12", 0.72, 0.03),
                gain("import-sample", "3.13", 0.7, 0.03),
            ),
            alpha=0.01,
            sweep=2,
        ),
        imports("help", 2, "git", "git.repo", "requests", "urllib3", "inspect"),
        imports("import-sample", 2, "git", "git.repo", "requests", "urllib3", "inspect"),
        FirstUse(module="requests", takes_s=0.065, scenario="", where="`sample.net.fetch`", step=1),
        WholeRecord(
            commit=TIP,
            gains=(
                gain("help", "3.12", 0.38),
                gain("help", "3.13", 0.35),
                gain("import-sample", "3.12", 0.72, 0.03),
                gain("import-sample", "3.13", 0.7, 0.03),
            ),
            alpha=0.02,
        ),
        BranchRecord(name="perf/optimize-aaaaaaaaaa", commit=TIP, steps=(1, 3)),
        BranchRecord(
            name="perf/defer-git-and-requests",
            commit=FIRST,
            steps=(1,),
            separate=True,
            gains=(gain("help", "3.13", 0.4),),
        ),
        LeftRecord(what="dataclasses", why="used when classes are made", costs_s={"help": 0.01}),
        GuardRecord(
            file="tests/test_deferred_imports.py",
            modules={"help": ("git", "inspect", "requests")},
            commit=TIP,
        ),
        Stood(progress=Progress.PLATEAU, at="2026-11-30T11:20:00+00:00"),
    )


def synthetic_optimization(
    data: Path, events: Iterable[OptimizationEvent] | None = None, **how: object
) -> Optimization:
    """Store one; without events of its own the usual ones."""
    made = OPTIMIZATIONS.create(data, asked(**how))
    for event in usual_events() if events is None else events:
        made = OPTIMIZATIONS.append(made, event)
    return made
