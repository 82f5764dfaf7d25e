"""What a subject's process gets from its surroundings: nothing but an allow-list."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.building import build_pair
from support.sandbox import Sandbox

from bench.core.target import Benchmark
from bench.engine.environments.clean import subject_environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import Subject
from bench.engine.sandbox.folders import make_home
from bench.engine.sandbox.isolation import Isolation

ALLOWED = {
    "PATH", "HOME", "TMPDIR", "LANG", "TZ", "TERM", "NO_COLOR", "COLUMNS", "LINES",
    "PYTHONSAFEPATH", "PYTHONNOUSERSITE", "PYTHONDONTWRITEBYTECODE", "DO_NOT_TRACK",
    "PYTHONHASHSEED", "OWN",
}  # fmt: skip


def test_subject_sees_the_allow_list_only(
    sandbox: Sandbox, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD_", "LANGUAGE"):
        monkeypatch.setenv(name, "hunter2")
    built = build_pair(sandbox, interpreter, "v1.0.0..v1.0.0").base
    subject = Subject(
        environment=built,
        own={"OWN": "1"},
        home=make_home(tmp_path / "side", None),
        support=tmp_path / "support",
        suites=tmp_path / "suites",
    )
    benchmark = Benchmark(name="x", command=("sample", "environment", "told"))
    with Launcher(Isolation(network="open")) as launcher:
        (outcome,) = launcher.run(
            [subject.invocation(benchmark)], together=False, hash_seed=5, timeout_s=60, cpu=None
        )
    assert outcome.status == 0
    told = eval((subject.home / "told").read_text(encoding="utf-8"))
    assert set(told) == ALLOWED
    assert told["HOME"] == str(subject.home)
    assert "hunter2" not in str(told)


def test_size_does_not_depend_on_the_side() -> None:
    """Paths of equal length make process environments of equal size (Mytkowicz et al. 2009)."""
    base, head = (
        subject_environment(Path(f"/cache/envs/{key * 16}/venv"), Path(f"/scratch/1/{side}"), {})
        for key, side in (("a", "base"), ("b", "head"))
    )
    assert len(str(base)) == len(str(head))


def test_own_variables_win() -> None:
    assert subject_environment(Path("/v"), Path("/h"), {"TZ": "Asia/Tokyo"})["TZ"] == "Asia/Tokyo"
