"""Images built from two revisions, and containers of them, by a real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.containers import BASE, DEFINITION, Storage, find_storage, make_images
from support.sandbox import PYTHON, Sandbox, by_name

from bench.core.catalogue import load_target
from bench.core.container import ContainerMeasure, Where
from bench.core.errors import BuildError
from bench.core.target import Benchmark
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder
from bench.engine.revisions.resolve import resolve_range
from bench.workloads.containers.engine import find_engine
from bench.workloads.containers.leftovers import session_label, sweep
from bench.workloads.containers.telling import DRIVER, tell

TARGET = f"""\
name = "greet"
layer = "CI pipeline"
distribution = "greet"
module = "greet"
clone = "file:///nowhere"
released = false
pythons = ["{PYTHON}"]

[container]
args = {{ BASE = "{BASE}" }}
engine = "podman"
"""
SHIPPED_KEYS = 'definition = ".bench-image/Dockerfile"\nshipped = "greet-image"\n'
SERVES = 'ready_line = "ready to greet"\n'
ANSWERS = 'ready_http = "8080/health"\n'
ENDS = 'command = ["python3", "-m", "greet", "once"]\n'


def benchmark(name: str, container: str, rest: str = "") -> str:
    return f'\n[[benchmark]]\nname = "{name}"\ncontainer = {{ {container} }}\n{rest}\n'


READY = benchmark("ready", 'measure = "ready"')
CREATE = benchmark("create", 'measure = "create"')


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Storage]:
    found = find_storage(tmp_path_factory.getbasetemp(), shared)
    if isinstance(found, str):
        pytest.skip(found)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.environ.items():
            patch.setenv(name, value)
        try:
            yield found
        finally:
            found.remove_all()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_images(tmp_path_factory.mktemp("images") / "greet").path


@pytest.fixture
def greet(tmp_path: Path, repository: Path, storage: Storage) -> Iterator[Sandbox]:
    """A sandbox of its own; what a test leaves behind makes it fail."""
    before = storage.left
    made = Sandbox(tmp_path / "workspace", tmp_path / "cache", repository)
    made.write_target(TARGET + CREATE, "greet")
    yield made
    made.bench("clean", "--all", status=0)
    assert storage.left == before


def run(greet: Sandbox, revisions: str, text: str, *options: str, status: int = 0) -> Any:
    """`bench run`: the benchmarks by name, or what it says where it fails."""
    greet.write_target(text, "greet")
    done = greet.bench(
        "run", "greet", revisions, "--repo", greet.repository, "--no-report", "--no-counters",
        "--rounds", "6", "--budget", "20", "--json", *options, status=status,
    )  # fmt: skip
    return done.stderr if status else by_name(json.loads(done.stdout)[0])


def build(greet: Sandbox, interpreter: Interpreter, revision: str = "v2") -> Environment:
    target = load_target("greet", greet.workspace.targets)
    pair = resolve_range(target, f"{revision}..{revision}", greet.workspace, greet.repository)
    builder = Builder(
        target=target,
        pair=pair,
        workspace=greet.workspace,
        announce=lambda _: None,
        repo=greet.repository,
    )
    return builder.build_one(interpreter)


def test_a_pair_of_images(greet: Sandbox, storage: Storage) -> None:
    found = run(greet, "v1..v2", TARGET + SERVES + READY)["ready"]
    assert found["verdict"] == "faster", found
    assert (found["design"], found["metric"]) == ("pairs", "value")
    (made,) = greet.runs
    for record in (made.manifest.base, made.manifest.head):
        assert record.image is not None
        assert record.revision.identity[:10] in record.image.tag
        assert record.provenance.module_file == "/app/greet/__init__.py"
        assert record.source_match is not None
        assert (record.source_match.identical, record.source_match.different) == (3, ())
        told = storage.podman("image", "inspect", "--format", "{{json .Labels}}", record.image.tag)
        assert json.loads(told)["bench.commit"] == record.revision.identity
    taken = made.rounds("ready")[0]
    assert taken.cpu is None  # the engine works where it likes
    assert min(taken.base.values_s) > 0.5  # what its import sleeps


def test_a_definition_beside_the_target_s_file(greet: Sandbox, interpreter: Interpreter) -> None:
    shipped = greet.workspace.targets / "greet-image"
    shipped.mkdir()
    text = TARGET.replace("[container]\n", f"[container]\n{SHIPPED_KEYS}")
    built = []
    for word in ("hello", "goodbye"):
        definition = f"{DEFINITION}COPY .bench-image/word /word\n"
        (shipped / "Dockerfile").write_text(definition, encoding="utf-8")
        (shipped / "word").write_text(word, encoding="utf-8")
        greet.write_target(text + CREATE, "greet")
        built.append(build(greet, interpreter, "no-definition"))
    first, second = (one.record for one in built)
    assert first.key != second.key  # what it ships is part of what it is made of
    for record in (first, second):
        assert record.image is not None
        assert record.image.definition == ".bench-image/Dockerfile"
        assert record.provenance.module_file == "/app/greet/__init__.py"


def test_what_a_target_ships_has_to_be_there(greet: Sandbox) -> None:
    text = TARGET.replace("[container]\n", f"[container]\n{SHIPPED_KEYS}")
    told = run(greet, "v1..v2", text + CREATE, status=2)
    assert "greet-image: there is no such folder" in told


def drive(greet: Sandbox, environment: Environment, text: str, container: str) -> tuple[float, str]:
    """One process of the driver: its value (nan if none) and the last line it says."""
    greet.write_target(text + benchmark("one", container), "greet")
    (declared,) = load_target("greet", greet.workspace.targets).benchmark
    assert declared.container is not None
    home = greet.folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    told, result = home / "told.json", home / f"{time.time_ns()}.json"
    told.write_bytes(
        tell(declared.container, environment.record, environment.folder, served=False, mounts=[],
             timeout_s=declared.timeout_s)
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, DRIVER, "--worker", "--worker-task=0", "--warmups=0",
         "--values=1", "--loops=1", "--output", result],
        env={**os.environ, "HOME": str(home), "BENCH_CONTAINER": str(told),
             "PYTHONPATH": str(DRIVER.parents[3])},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1:]
    if done.returncode:
        return float("nan"), "".join(last)
    values = json.loads(result.read_text())["benchmarks"][0]["runs"][0]["values"]
    assert {one.name for one in home.iterdir()} <= {"told.json", result.name} | _results(home)
    return values[0], "".join(last)


def _results(home: Path) -> set[str]:
    return {one.name for one in home.glob("*.json")}


def test_everything_that_is_measured(
    greet: Sandbox, interpreter: Interpreter, storage: Storage
) -> None:
    made = build(greet, interpreter)
    before = storage.left
    values = {}
    for measure in ContainerMeasure:
        places = [f', where = "{one}", files = 60' for one in Where]
        for place in places if "files" in measure else [""]:
            how = ENDS if measure is ContainerMeasure.RUN else SERVES
            container = f'measure = "{measure}"{place}'
            values[measure, place], said = drive(greet, made, TARGET + how, container)
            assert values[measure, place] > 0, (measure, place, said)
    assert storage.left == before
    assert values[ContainerMeasure.COLD_START, ""] > values[ContainerMeasure.READY, ""]
    by_itself, said = drive(greet, made, TARGET + ENDS, 'measure = "exit"')
    assert by_itself > 0, said
    answered, said = drive(greet, made, TARGET + ANSWERS, 'measure = "ready"')
    assert answered > 0, said


def test_what_goes_wrong_in_a_container(
    greet: Sandbox, interpreter: Interpreter, storage: Storage
) -> None:
    dies, hangs = build(greet, interpreter, "dies"), build(greet, interpreter, "hangs")
    before = storage.left
    ready = 'measure = "ready"'
    _, said = drive(greet, dies, TARGET + SERVES, ready)
    assert said == (
        "it was not ready before the container ended with exit status 1: greet: no words today"
    )
    _, said = drive(greet, dies, TARGET + ENDS, 'measure = "run"')
    assert said == "podman run: exit status 1, not 0: greet: no words today"
    _, said = drive(greet, hangs, TARGET + SERVES, f"{ready} }}\ntimeout_s = 4\nenv = {{")
    assert said == "it was not ready within 2 s"
    _, said = drive(
        greet, hangs, TARGET + ENDS, 'measure = "first-line", command = ["/bin/sh", "-c", ":"]'
    )
    assert said.startswith("no Python that reads PYTHONPATH was seen in it before the container")
    assert storage.left == before


def test_an_app_that_is_never_ready_is_no_traceback(greet: Sandbox) -> None:
    text = TARGET + SERVES + benchmark("ready", 'measure = "ready"', "timeout_s = 8")
    said = run(greet, "hangs..v2", text, status=4)
    assert "ready: works on head only, base: exit status 1: it was not ready within 4 s" in said


@pytest.mark.parametrize(
    ("revisions", "text", "options", "status", "told"),
    [
        ("broken-build..v2", TARGET + CREATE, (), 5, "could not be built (podman: status"),
        ("no-definition..v2", TARGET + CREATE, (), 5, "has no Dockerfile: no image can be built"),
        ("no-module..v2", TARGET + CREATE, (), 5, "cannot be imported in its own image"),
        ("v1..v2", TARGET + 'python = "python9"\n' + CREATE, (), 5, "'python9' does not run"),
        ("v1..v2", TARGET + CREATE, ("--deps", "head"), 2, "said by its definition alone"),
        ("v1..v2", TARGET + READY, (), 2, "needs ready_line or ready_http in [container]"),
        ("v1..v2", TARGET + CREATE.replace("create", "read-files"), (), 2, '"where" belongs to'),
        ("v1..v2", TARGET + '[[benchmark]]\nname = "x"\nimport = "x"', (), 2, "outside the image"),
    ],
)  # fmt: skip
def test_one_message_and_nothing_left(
    greet: Sandbox,
    storage: Storage,
    revisions: str,
    text: str,
    options: tuple[str, ...],
    status: int,
    told: str,
) -> None:
    said = run(greet, revisions, text, *options, status=status)
    assert told in said
    # The image of the side that could be built is kept, as every environment is.
    assert not storage.left["containers"]
    assert not storage.left["volumes"]


def test_without_an_engine(greet: Sandbox, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "unshare", "nsenter"):
        (tools / name).symlink_to(shutil.which(name) or "/nowhere")
    alone = Sandbox(greet.folder, greet.cache, greet.repository, {"PATH": str(tools)})
    text = TARGET.replace('engine = "podman"', "") + CREATE
    said = run(alone, "v1..v2", text, status=2)
    assert "No container engine can be used. podman is not on this machine" in said
    for name, complaint in {"podman": "newuidmap: not permitted", "docker": "no daemon"}.items():
        (tools / name).write_text(f"#!/bin/sh\necho '{complaint}.' >&2\nexit 125\n")
        (tools / name).chmod(0o755)
    said = run(alone, "v1..v2", text, status=2)
    assert (
        "podman does not work: newuidmap: not permitted. docker does not work: no daemon." in said
    )


def test_images_are_kept_proven_and_cleaned(
    greet: Sandbox, interpreter: Interpreter, storage: Storage
) -> None:
    before = storage.left["images"]
    made = build(greet, interpreter)
    image = made.record.image
    assert image is not None
    assert build(greet, interpreter).record == made.record
    storage.podman("tag", BASE, image.tag)
    with pytest.raises(BuildError, match="was replaced after it was built"):
        made.check_unchanged()
    storage.podman("tag", image.identity, image.tag)
    made.check_unchanged()
    storage.podman("rmi", "--force", image.identity)
    again = build(greet, interpreter)  # the folder is there, and the image is not
    assert again.record.provenance == made.record.provenance
    greet.bench("clean", "--older-than", "0", status=0)
    assert storage.left["images"] == before


def test_what_a_killed_driver_left_is_removed(greet: Sandbox, storage: Storage) -> None:
    with subprocess.Popen(["sleep", "0"]) as gone:
        pass
    label = ("--label", session_label(greet.cache))
    names = {gone.pid: f"bench-{gone.pid}-1", os.getpid(): f"bench-{os.getpid()}-1"}
    for name in names.values():
        storage.podman("create", "--name", name, *label, "--network=none", BASE, "sleep")
        storage.podman("volume", "create", *label, name)
    assert sweep(find_engine("podman"), greet.cache) == 2
    assert storage.podman("ps", "--all", "--format", "{{.Names}}") == names[os.getpid()]
    storage.podman("rm", names[os.getpid()])
    storage.podman("volume", "rm", names[os.getpid()])


def test_interrupted(greet: Sandbox, storage: Storage) -> None:
    """Ctrl-C while a container runs: kept is what was measured, and no container."""
    greet.write_target(TARGET + SERVES + READY, "greet")
    with greet.start("run", "greet", "hangs..hangs", "--repo", greet.repository) as process:
        deadline = time.monotonic() + 60
        while not storage.podman("ps", "--quiet") and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert not storage.left["containers"]


@pytest.mark.parametrize("daemon", ["podman", "dockerd"])
def test_docker(
    daemon: str, greet: Sandbox, interpreter: Interpreter, storage: Storage, tmp_path: Path,
    shared: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """docker's own command line, and its own daemon or podman, which speaks the same protocol."""
    for needed in ("docker", daemon):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not on this machine (apt-get install docker.io)")
    address = f"unix://{tmp_path}/s"
    monkeypatch.setenv("DOCKER_HOST", address)
    with listening(daemon, tmp_path, address) as refusal:
        if refusal:
            pytest.skip(refusal)
        if daemon == "dockerd":
            subprocess.run(["docker", "import", shared / "base.tar", BASE],
                           check=True, capture_output=True, timeout=60)  # fmt: skip
        text = TARGET.replace("podman", "docker")
        greet.write_target(text + CREATE, "greet")
        made = build(greet, interpreter)
        assert made.record.image is not None
        assert made.record.image.engine == "docker"
        for how, container in (
            (SERVES, 'measure = "cold-start"'), (SERVES, 'measure = "exit"'),
            (ANSWERS, 'measure = "ready"'), (ENDS, 'measure = "run"'),
            (ENDS, 'measure = "read-files", where = "volume", files = 60'),
        ):  # fmt: skip
            value, said = drive(greet, made, text + how, container)
            assert value > 0, said
        if daemon == "dockerd":
            found = run(greet, "v1..v2", text + SERVES + READY)["ready"]
            assert found["verdict"] == "faster", found
        greet.bench("clean", "--all", status=0)
        left = subprocess.run(["docker", "ps", "--all", "--quiet"], check=True, text=True,
                              capture_output=True, timeout=60)  # fmt: skip
        assert not left.stdout


@contextmanager
def listening(daemon: str, folder: Path, address: str) -> Iterator[str]:
    """A daemon at an address, with a storage of its own; yields why it does not run, or ""."""
    words = ["podman", "system", "service", "--time=0", address]
    if daemon == "dockerd":
        words = ["dockerd", "--storage-driver=vfs", "--iptables=false", "--ip6tables=false",
                 "--bridge=none", f"--data-root={folder}/data", f"--exec-root={folder}/exec",
                 f"--pidfile={folder}/pid", f"--host={address}"]  # fmt: skip
    log = folder / "daemon.log"
    with log.open("wb") as stream, subprocess.Popen(
        words, stdout=stream, stderr=subprocess.STDOUT
    ) as service:  # fmt: skip
        try:
            deadline = time.monotonic() + 60
            while service.poll() is None and time.monotonic() < deadline:
                asked = ["docker", "version", "--format", "{{.Server.Version}}"]
                if not subprocess.run(asked, capture_output=True, check=False).returncode:
                    yield ""
                    return
                time.sleep(0.1)
            yield f"{daemon} does not run here: {log.read_text()[-300:]}"
        finally:
            service.terminate()
            service.wait(60)


def test_a_declaration_is_whole() -> None:
    with pytest.raises(ValueError, match="exactly one of"):
        Benchmark(name="none")
