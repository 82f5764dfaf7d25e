"""What samples stacks: py-spy, and from Python 3.15 on what that brings itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.core.errors import UsageError
from bench.engine.environments.interpreters import find_interpreter
from bench.explain.profile import samplers
from bench.explain.profile.folded import parse_folded
from bench.explain.profile.frames import Namer
from bench.explain.profile.processes import NotProfiledError
from bench.explain.profile.samplers import OWN, PY_SPY, SamplingTool, samplers_for

BUSY = """\
import subprocess, sys, time
def burn():
    end = time.process_time() + 0.5
    while time.process_time() < end:
        sum(range(1000))
if len(sys.argv) < 2:
    subprocess.run([sys.executable, __file__, "child"])
burn()
sys.exit(3 if len(sys.argv) < 2 else 0)
"""


@pytest.mark.parametrize(
    ("python", "installed", "names"),
    [
        ("3.13.1", True, [PY_SPY]),
        ("3.15.2t", True, [PY_SPY, OWN]),
        ("3.15.2", False, [OWN]),
        ("3.13.1", False, None),
    ],
)
def test_what_can_sample_a_python(
    monkeypatch: pytest.MonkeyPatch, *, python: str, installed: bool, names: list[str] | None
) -> None:
    def py_spy() -> SamplingTool:
        if not installed:
            raise NotProfiledError("not installed")
        return SamplingTool(PY_SPY, Path("py-spy"))

    class Facts:
        def __init__(self, _executable: Path) -> None:
            self.version = python

    monkeypatch.setattr(samplers, "py_spy", py_spy)
    monkeypatch.setattr(samplers, "interpreter_facts", Facts)
    if names is None:
        with pytest.raises(NotProfiledError):
            samplers_for(Path("python"))
    else:
        assert [one.name for one in samplers_for(Path("python"))] == names


def test_what_python_3_15_brings(tmp_path: Path) -> None:
    """Stacks of the process and of the one it starts, in the format that py-spy has."""
    try:
        python = find_interpreter("3.15", fetch=False).executable
    except UsageError:
        pytest.skip("no Python 3.15 on this machine: infra/fetch_python.py brings one")
    script, raw = tmp_path / "busy.py", tmp_path / "stacks"
    script.write_text(BUSY)
    under = SamplingTool(OWN, python).under(200, raw)
    done = subprocess.run([*under, python, script], check=False)
    assert done.returncode == 3
    stacks = parse_folded(raw.read_text(), Namer("busy", ()))
    titles = {tuple(frame.title for frame in stack[-2:]) for stack in stacks}
    assert ("busy.py", "busy.py: burn()") in titles
    assert any(stack and stack[0].name == "[busy.py]" for stack in stacks)
