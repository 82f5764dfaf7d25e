"""A run whose environments are not what was built counts for nothing."""

from __future__ import annotations

import msgspec
import pytest
from support.sandbox import Sandbox
from support.synthetic_runs import RunPlan, write_run

from bench.core.errors import DataError
from bench.core.workspace import Workspace
from bench.engine.store.manifest import Manifest
from bench.engine.store.place import pairs_of_runs
from bench.report.select_runs import evaluated, read_pair

COMMAND = ("run", "sample", "v1.0.0..v1.1.0", "--benchmark", "work", "--no-tests", "--no-counters")


def test_changed_environment_is_refused_and_never_resumed(own_cache: Sandbox) -> None:
    repo = ("--repo", own_cache.repository)
    own_cache.bench(*COMMAND, *repo, "--rounds", "2", "--no-report", status=0)
    (first,) = own_cache.runs
    (file,) = own_cache.cache.glob(
        f"envs/{first.manifest.head.key}/venv/lib/*/*/sample/behaviour.py"
    )
    file.write_bytes(file.read_bytes() + b"# longer\n")
    done = own_cache.bench(*COMMAND, *repo, "--rounds", "3", "--no-report", status=5)
    assert "1 changed (lib/" in done.stderr
    assert "This run counts for nothing and is not resumed" in done.stderr
    own_cache.bench(*COMMAND, *repo, "--rounds", "3", status=0)
    refused = [run for run in own_cache.runs if run.refused]
    assert len(refused) == 1
    assert not refused[0].rounds("work")
    (closed,) = (run for run in own_cache.runs if run.closed and run != first)
    assert closed.rounds("work")
    data = own_cache.workspace.data
    ((_, folders),) = pairs_of_runs(data).items()
    pair, unreadable = read_pair(folders, data)
    assert pair is not None
    assert sum(1 + len(one.others) for one in pair.shown) == 2
    assert all("was refused and is not shown" in one.error.message for one in unreadable)


@pytest.mark.parametrize("field", ["target", "python", "run_id"])
def test_manifest_of_another_place_is_not_shown(workspace: Workspace, field: str) -> None:
    """Pages are written under the names of the manifest: `../` must not lead out of results/."""
    folder = write_run(workspace, RunPlan())
    file = folder / "run.json"
    manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, **{field: "../../x"})))
    with pytest.raises(DataError, match="is of another run: it says"):
        evaluated(folder)
