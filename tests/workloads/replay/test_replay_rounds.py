"""Rounds of processes that ask the replay service: what is counted, and what goes wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.bare import BARE
from support.launching import ends, python
from support.replaying import ANSWERS, PROGRAM
from support.sandbox import Sandbox, by_name, target_text

from bench.core.counts import TRAFFIC, Counter, Instrument
from bench.core.sample import Design, Round, Side
from bench.core.target import Benchmark
from bench.engine.measure.client import Launcher
from bench.engine.measure.network import NO_LOOPBACK, Service, session_network
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.store.accounts import StackRecord, read_accounts
from bench.report.pair.traffic import traffic_blocks

# A client as codeflash's is: a connection a request, and errors are logged and lived with.
CLIENT = """
import json, sys, urllib.request
for path in sys.argv[1:]:
    body = json.dumps({"diffs": []}).encode()
    request = urllib.request.Request("http://localhost:8000" + path, body)
    try:
        json.loads(urllib.request.urlopen(request, timeout=30).read())
    except Exception as error:
        print(error)
"""
DECLARED = Benchmark(
    name="asks", command=("python", "{service}"), fixture="codeflash", timeout_s=20.0,
    asks=("POST /ai/rank",), rounds=2,
)  # fmt: skip


@contextmanager
def serving(folder: Path, conditions: str = "") -> Iterator[RoundTaker]:
    """What takes rounds, on a network with the service, under conditions."""
    journal = folder / "journal.jsonl"
    argv = [sys.executable, "-I", str(PROGRAM), str(ANSWERS), "8000", "--journal", str(journal)]
    if conditions:
        (folder / "conditions.toml").write_text(conditions, encoding="utf-8")
        argv += ["--conditions", str(folder / "conditions.toml")]
    service = Service("codeflash", tuple(argv), 8000, journal)
    with session_network([service], (), BARE) as network:
        if network.refusal:
            pytest.skip(network.refusal)
        holder = network.holder
        with Launcher(network.isolation) as launcher:
            yield RoundTaker(launcher, (), 1, network)
    assert holder is not None
    assert ends(holder)


def sides(folder: Path, *paths: str, benchmark: Benchmark = DECLARED) -> Sides:
    made = []
    for side in Side:
        home = folder / side
        home.mkdir()
        made.append(python(home, CLIENT, *paths))
    return Sides(benchmark, *made)


def failing(folder: Path, conditions: str) -> str:
    """What is said of a client whose request for a ranking meets these conditions."""
    with serving(folder, f'[[endpoint]]\npath = "/ai/rank"\nerror_rate = 1\n{conditions}') as one:
        with pytest.raises(RoundFailedError) as failed:
            one.take(sides(folder, "/ai/rank"), Design.PAIRS, 0, pin=False)
        return str(failed.value)


def test_each_side_is_counted_for_itself(tmp_path: Path) -> None:
    asked = sides(tmp_path, "/ai/rank", "/ai/rank", "/ai/explain")
    asked = replace(asked, head=replace(asked.head, argv=asked.head.argv[:-2]))
    with serving(tmp_path) as one:
        rounds = [one.take(asked, Design.PAIRS, index, pin=False) for index in range(3)]
    assert {taken.base.counts[Counter.REQUESTS] for taken in rounds} == {3}
    assert {taken.head.counts[Counter.REQUESTS] for taken in rounds} == {1}
    assert {taken.base.counts[Counter.SERVICE_CONNECTIONS] for taken in rounds} == {3}
    body = len(json.dumps({"diffs": []}))
    assert {taken.base.counts[Counter.BYTES_UP] for taken in rounds} == {3 * body}


def test_an_unknown_endpoint_is_no_sample(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as one,
        pytest.raises(RoundFailedError, match=r"no answer to POST /ai/quantum$"),
    ):
        one.take(sides(tmp_path, "/ai/quantum", "/ai/rank"), Design.PAIRS, 0, pin=False)


def test_a_client_that_gives_up_early_is_no_sample(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as one,
        pytest.raises(RoundFailedError, match=r"without having asked for POST /ai/rank$") as failed,
    ):
        one.take(sides(tmp_path, "/ai/explain"), Design.PAIRS, 0, pin=False)
    assert len(failed.value.sides) == 1


def test_a_service_that_dies(tmp_path: Path) -> None:
    said = failing(tmp_path, 'error = "die"')
    assert said == "the server of codeflash does not answer: exit status 70"


def test_a_service_that_answers_garbage(tmp_path: Path) -> None:
    assert "POST /ai/rank: garbage on purpose" in failing(tmp_path, 'error = "garbage"')


def test_a_service_that_hangs(tmp_path: Path) -> None:
    quick = Benchmark(name="x", command=("x", "{service}"), fixture="codeflash", timeout_s=1.0)
    with (
        serving(tmp_path, '[[endpoint]]\nerror_rate = 1\nerror = "hang"') as one,
        pytest.raises(RoundFailedError, match="still running after 1 s: stopped"),
    ):
        one.take(sides(tmp_path, "/ai/rank", benchmark=quick), Design.PAIRS, 0, pin=False)


LONG = f"""name = "long"
fixture = "codeflash"
rounds = 2
asks = ["POST /ai/rank"]
prepare = ["python", "-c", "import os; os.mkdir('work'); open('work/file', 'w').write('1')"]
own_files = true
folder = "{{home}}/work"
command = ["python", "-c", '''
open("file", "a").write("2")
assert open("file").read() == "12"
{CLIENT}''', "/ai/rank", "/ai/explain", "{{service}}"]
"""


def test_a_benchmark_of_minutes(sandbox: Sandbox) -> None:
    with session_network([], (), BARE) as network:
        if not network.isolation.enter:
            pytest.skip(NO_LOOPBACK)
    sandbox.write_target(target_text(LONG))
    done = sandbox.bench(
        *("run", "sample", "v1.0.0..v1.0.1", "--repo", sandbox.repository, "--rounds", "10"),
        *("--budget", "0.01", "--no-tests", "--no-report", "--json"),
        status=0,
    )
    (document,) = json.loads(done.stdout)
    found = by_name(document)["long"]
    (run,) = sandbox.runs
    assert run.unavailable("long") is None
    rounds = run.rounds("long")
    assert len(rounds) == 6  # its file asks for 2, a verdict takes 6
    assert {one.design for one in rounds} == {Design.PAIRS}
    assert found["reason"] == "all 6 rounds taken, as planned"
    counted = run.counted("long")
    for side in Side:
        tally = counted[Instrument.OBSERVER].side(side)
        assert tally is not None
        assert tally.figures[Counter.FILES_WRITTEN] == 1
        assert tally.figures[Counter.CONNECTIONS] == 2
    assert "benchmark of minutes" in counted[Instrument.SYSTEM_CALLS].skipped
    words = [one[0] for one in counted_rows(rounds)]
    assert words[:-1] == [counter.words for counter in TRAFFIC]
    assert words[-1].startswith("CPU time")
    assert counted_rows(rounds)[0][1:] == ["2", "2", "same", "exactly, 6 rounds"]
    (record,) = read_accounts(sandbox.workspace.data)
    assert isinstance(record, StackRecord)
    assert (record.scenario, record.pair) == ("long", run.manifest.pair)
    assert [len(record.of(side)) for side in Side] == [3, 3]
    assert {one.counts["requests"] for one in record.runs} == {2}
    assert all(sum(one.layers.values()) == pytest.approx(one.wall_s) for one in record.runs)


def counted_rows(rounds: Sequence[Round]) -> list[list[str]]:
    """The rows of the report's table, without the benchmark's name."""
    *_, table = traffic_blocks({"long": rounds})
    cells = [[one.strip() for one in line.split("|")[2:-1]] for line in table.splitlines()]
    return cells[2:]
