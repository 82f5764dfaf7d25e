"""Corrupted data: each named by file and line, none believed, and the rest is reported."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from support.corruption import (
    FIGURES,
    FLIPS,
    LINES,
    MANIFEST,
    MANIFESTS,
    PLACES,
    ROUNDS,
    Damage,
    foreign,
)
from support.synthetic_runs import workspace_in

from bench.core.errors import DataError, UnprovenError
from bench.engine.store.chain import chained, first_digest
from bench.engine.store.events import Refused
from bench.engine.store.manifest import FIRST_CHAINED
from bench.engine.store.run import Journal, Run, create_run, pair_folder, read_placed, read_run
from bench.report.write import Written, write_report

STORED = Path(__file__).parents[1] / "data" / "format1"
LINE = re.compile(rf"{re.escape(ROUNDS)}, line \d+")


def stored(target: str) -> Run:
    (file,) = STORED.glob(f"{target}/*/*/*/*/{MANIFEST}")
    return read_run(file.parent)


def again(run: Run, data: Path, number: int = 0) -> Path:
    """A real run, stored as of today under an id of its own."""
    manifest = msgspec.structs.replace(
        run.manifest, format=FIRST_CHAINED, run_id=f"20261123T11{number:04}Z-545c", cpus=(0, 1)
    )
    folder = pair_folder(data, manifest.target, manifest.pair, manifest.python, manifest.machine)
    made = create_run(folder, manifest)
    with Journal(made) as journal:
        for event in run.events:
            journal.write(event)
    return made.folder


@dataclass(frozen=True)
class Corrupted:
    """A report of a sound run among corrupted ones; `folders` are these, by what was done."""

    written: Written
    folders: dict[str, Path]
    sound: Path

    def said(self, case: str) -> list[str]:
        """The problems that name a corrupted run."""
        name = self.folders[case].name
        return [str(one) for one in self.written.problems if name in str(one)]


@pytest.fixture(scope="module")
def corrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corrupted]:
    root = tmp_path_factory.mktemp("corrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_DATA", str(root / "data"))
        patch.setenv("BENCH_RESULTS", str(root / "results"))
        workspace = workspace_in(root)
        run = stored("rich")
        sound = again(run, workspace.data, 5959)
        other = again(stored("pip"), root / "elsewhere")
        damages = cases([other])
        folders = {}
        for number, (case, damage) in enumerate(damages.items()):
            folders[case] = again(run, workspace.data, number)
            damage(folders[case])
        yield Corrupted(write_report(workspace), folders, sound)


def cases(others: list[Path]) -> dict[str, Damage]:
    kinds = {
        "line": LINES | {k: v for k, v in foreign(others).items() if "manifest" not in k},
        "figure": FIGURES,
        "manifest": MANIFESTS | {k: v for k, v in foreign(others).items() if "manifest" in k},
        "place": PLACES,
        "flip": FLIPS,
    }
    return {f"{kind}: {case}": damage for kind, of in kinds.items() for case, damage in of.items()}


def test_each_of_more_than_a_hundred_is_named_and_none_is_believed(corrupted: Corrupted) -> None:
    assert len(corrupted.folders) >= 100
    unnamed = [case for case in corrupted.folders if not corrupted.said(case)]
    assert unnamed == []
    for case in corrupted.folders:
        if case.startswith(("line", "figure", f"flip: {ROUNDS}")):
            assert any(LINE.search(one) for one in corrupted.said(case)), case
        assert all("\n" in one for one in corrupted.said(case)), f"{case}: what is to be done?"
    assert len(corrupted.written.problems) == len(corrupted.folders)


def test_the_sound_run_is_reported_beside_them(corrupted: Corrupted) -> None:
    results = corrupted.written.results
    pages = {file.relative_to(results).parts[:2] for file in results.rglob("*.md")}
    assert pages == {("README.md",), ("all.md",), ("rich", "c44705e2a7..69790a90a9")}
    page = (results / "rich" / "c44705e2a7..69790a90a9" / "README.md").read_text()
    assert "import-console" in page
    method = (results / "rich" / "c44705e2a7..69790a90a9" / "method.md").read_text()
    assert f"digest of its last line `{read_placed(corrupted.sound).digest}`" in method
    index = (results / "all.md").read_text()
    assert index.count("could not be read: ") == len(corrupted.folders)
    names = {file.name for file in results.parent.iterdir()}
    assert names == {"data", "results", "elsewhere", "outside"}
    assert [file.name for file in (results.parent / "outside").iterdir()]
    assert read_placed(corrupted.sound).closed


@pytest.mark.parametrize("cut", [1, 300])
def test_what_a_kill_leaves_is_read_as_far_as_it_goes(tmp_path: Path, cut: int) -> None:
    folder = again(stored("rich"), tmp_path)
    content = (folder / ROUNDS).read_bytes()
    (folder / ROUNDS).write_bytes(content[:-cut])
    run = read_placed(folder)
    assert run.dropped
    assert run.closed is None


NOT_CHAINED = [
    "left running by nobody",
    "two rounds swapped", "a line twice", "a round gone", "ten lines gone", "reversed",
    "all lines twice", "the last line twice", "index too high", "index twice",
    "negative time", "no time at all", "values without a script", "another seed",
    "another benchmark", "another design", "a round of another run", "second half of another run",
]  # fmt: skip


@pytest.mark.parametrize("case", NOT_CHAINED)
@pytest.mark.parametrize("how", ["chained anew", "of format 1"])
def test_what_no_session_can_have_written_is_refused_without_a_chain(
    tmp_path: Path, case: str, how: str
) -> None:
    everything = LINES | FIGURES | foreign([again(stored("pip"), tmp_path / "elsewhere")])
    folder = again(stored("rich"), tmp_path / "data")
    everything[case](folder)
    PRETENDED[how](folder)
    with pytest.raises(DataError, match=r"rounds\.jsonl, line \d+"):
        read_placed(folder)


IMPOSSIBLE = [
    "alpha above one", "no rounds", "a negative budget", "negative seed", "a bad date",
    "a date that is none", "a date without zone", "another target", "target with dots",
    "machine with dots", "another id", "head is base", "another seed", "no benchmarks",
]  # fmt: skip


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_impossible_manifest_is_refused_without_a_digest(tmp_path: Path, case: str) -> None:
    folder = again(stored("rich"), tmp_path)
    MANIFESTS[case](folder)
    unchain(folder)
    with pytest.raises(DataError, match=r"run\.json|rounds\.jsonl, line \d"):
        read_placed(folder)


def chain_anew(folder: Path) -> None:
    digest = first_digest((folder / MANIFEST).read_bytes())
    lines = []
    for line in (folder / ROUNDS).read_bytes().splitlines():
        told = msgspec.json.decode(line)
        told.pop("digest", None)
        whole, digest = chained(msgspec.json.encode(told), digest)
        lines.append(whole + b"\n")
    (folder / ROUNDS).write_bytes(b"".join(lines))


def unchain(folder: Path) -> None:
    told = msgspec.json.decode((folder / MANIFEST).read_bytes())
    told.pop("digest", None)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(told | {"format": 1}))


PRETENDED: dict[str, Callable[[Path], None]] = {"chained anew": chain_anew, "of format 1": unchain}


def by_another_file(folder: Path) -> None:
    other = folder / "other"
    other.write_bytes((folder / ROUNDS).read_bytes())
    other.rename(folder / ROUNDS)


@pytest.mark.parametrize("replace", [lambda _folder: None, by_another_file])
@pytest.mark.parametrize("pretend", PRETENDED.values(), ids=PRETENDED)
def test_whoever_writes_into_the_file_while_a_run_goes_on_spoils_it(
    tmp_path: Path, pretend: Callable[[Path], None], replace: Callable[[Path], None]
) -> None:
    run = read_placed(again(stored("rich"), tmp_path))
    with Journal(run) as journal:
        assert journal.read() == run
        FIGURES["faster by hand"](run.folder)
        pretend(run.folder)
        replace(run.folder)
        read_placed(run.folder)  # by itself it looks well
        with pytest.raises(UnprovenError, match="changed by something else while the run went on"):
            journal.read()
        journal.write(Refused(1.0, "changed"))
    with contextlib.suppress(DataError):
        assert read_placed(run.folder).refused
