"""Serialisers on the values that a scenario gave them."""

from __future__ import annotations

from pathlib import Path

import msgspec
from support.import_packages import write_package
from support.settings import setting_of

from bench.core.errors import BuildError
from bench.explain.patterns.serialisers import Taken, serialisers, taken_by_serialisers
from bench.explain.profile.frames import Frame

_WORK = """\
import datetime
import json
from json import dumps

record = {"name": "é", "values": list(range(300)), "inner": [{"a": None, "b": 1.5}] * 20}


def main():
    for _ in range(50):
        text = dumps(record)
        assert json.loads(text) == record
    json.dumps({"at": datetime.date(2020, 1, 1)}, default=str)
    json.loads("NaN")
    with open("/dev/null", "w") as stream:
        json.dump(record, stream, indent=2)
"""


def support(package: str, version: str) -> Path:
    """What is installed beside us already."""
    if package != "msgspec":
        raise BuildError(f"{package} could not be installed:\nno network")
    return Path(msgspec.__file__).parents[1]


def test_others_are_timed_on_the_scenarios_own_values(tmp_path: Path) -> None:
    files = {"own/__init__.py": "", "own/a.py": _WORK}
    package = write_package(tmp_path / "site-packages", files, "import own.a; own.a.main()")
    taken = {"json": Taken(0.05, "own.a: main"), "copy": Taken(0.02, "")}
    found, other = serialisers(setting_of(package), taken, support, 0.0001)
    assert "51 of `json.dumps`, 51 of `json.loads`, most of it for `own.a: main`" in found.evidence
    orjson, tried = found.alternatives
    assert orjson.problem == "orjson could not be installed:"
    assert (tried.name, tried.calls, tried.refused) == ("msgspec", 101, 2)
    assert "1 × default=" in tried.reasons
    assert tried.texts_differ == 51
    assert tried.was_s > tried.takes_s > 0
    assert found.saving_s == tried.saving_s
    assert tried.import_s > 0
    assert "where nobody compares texts" in found.change
    assert (other.where, other.saving_s) == ("copy", None)


def test_only_those_that_take_long_are_looked_at() -> None:
    load, module = Frame("loads()", "json", "x"), Frame("yaml", "yaml", "yaml")
    own, other = Frame("go()", "own.a", "own"), Frame("get()", "requests", "requests")
    runs: list[dict[tuple[Frame, ...], float]] = [
        {(own, other, load): 30.0, (module,): 90.0},
        {(other, load): 10.0},
    ]
    assert taken_by_serialisers(runs, "own", 0.01) == {"json": Taken(0.02, "own.a: go")}
    assert taken_by_serialisers(runs, "own", 0.03) == {}
