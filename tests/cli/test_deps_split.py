"""`--deps split` for real: one package that got faster, and code that did not."""

from __future__ import annotations

import json

import pytest
from support.index import PackageServer
from support.sandbox import Sandbox, target_text

SLOW = "import time\nend = time.process_time() + 0.15\nwhile time.process_time() < end: pass\n"
IMPORTS_IT = 'name = "theirs"\nimport = "sample_dependency"'


def test_a_package_is_told_from_the_projects_own_code(
    own_cache: Sandbox, package_server: PackageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wants-old` takes the newest version, which is slow; `pinned-old` takes 1.0."""
    for version, text in (("1.0", ""), ("2.0", SLOW)):
        package_server.add(
            "sample-dependency",
            version,
            {"sample_dependency.py": text},
            uploaded="2025-01-01T00:00:00Z",
        )
    for key, value in package_server.environ.items():
        monkeypatch.setenv(key, value)
    own_cache.write_target(target_text(IMPORTS_IT))
    done = own_cache.run("wants-old..pinned-old", "--deps", "split", "--json")
    own, packages = json.loads(done.stdout)
    assert [one["dependencies"] for one in (own, packages)] == ["head", "packages"]
    split = own["split"]
    assert split["changes"] == [{"package": "sample-dependency", "base": "2.0", "head": "1.0"}]
    [theirs] = split["benchmarks"]
    assert theirs["packages"]["verdict"] == "faster"
    assert theirs["packages"]["interval"]["ratio"] < 0.5
    assert theirs["own"]["verdict"] not in {"faster", "slower"}
    assert theirs["whole"]["ratio"] < 0.5
    assert "sample-dependency 2.0 → 1.0" in done.stderr
    own_run, packages_run = sorted(own_cache.runs, key=lambda one: one.manifest.run_id)
    assert packages_run.manifest.head.key == own_run.manifest.base.key
    assert packages_run.manifest.head.revision == packages_run.manifest.base.revision


def test_nothing_to_split(sandbox: Sandbox) -> None:
    done = sandbox.run("v1.0.0..v1.1.0", "--deps", "split")
    assert "not split, since head's versions of what base has are those of base" in done.stderr
    [run] = sandbox.runs
    assert run.manifest.options.dependencies == "own"
