"""The proof of what an environment holds and imports."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from support.building import build_one, build_pair
from support.sandbox import Sandbox

from bench.core.environment import Provenance
from bench.core.errors import BuildError
from bench.core.target import Benchmark
from bench.core.workspace import find_workspace
from bench.engine.environments.build import Environment, cached, take_inventory
from bench.engine.environments.interpreters import Interpreter, interpreter_facts
from bench.engine.environments.inventory import differences, take
from bench.engine.environments.provenance import (
    check_import,
    check_undamaged,
    read_provenance,
    readable,
)
from bench.engine.measure.invocations import NotPresentError, Subject
from bench.engine.sandbox.isolation import isolate


@pytest.fixture
def built(own_cache: Sandbox, interpreter: Interpreter) -> Environment:
    """An environment this test may damage."""
    return build_one(own_cache, interpreter, "v1.0.0..v1.0.0")


def packages(environment: Environment) -> Path:
    (folder,) = environment.venv.glob("lib/*/site-packages")
    return folder


def test_untouched_environment_is_proven_again(built: Environment) -> None:
    built.check_unchanged()


def write(file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")


def forge_bytecode(site: Path) -> None:
    """Other code in a file of the same size and time."""
    (file,) = (site / "sample" / "__pycache__").glob("behaviour.*.pyc")
    status, content = file.stat(), bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_folder(site: Path) -> None:
    (site / "sample").rename(site.parent / "elsewhere")
    (site / "sample").symlink_to(site.parent / "elsewhere")


ATTACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "edit": (lambda site: write(site / "sample" / "behaviour.py", ""), "1 changed (.*behaviour.py"),
    "bytecode": (forge_bytecode, "1 changed (.*behaviour.*pyc"),
    "remove": (lambda site: (site / "sample" / "extra.py").unlink(), "1 vanished (.*extra.py"),
    "add": (lambda site: write(site / "sitecustomize.py", ""), "1 appeared (.*sitecustomize.py"),
    "path file": (lambda site: write(site / "zzz.pth", "import os\n"), "1 appeared (.*zzz.pth"),
    "stale": (lambda site: os.utime(site / "sample" / "cli.py", (1, 1)), "1 changed (.*cli.py"),
    "mode": (lambda site: (site / "sample" / "cli.py").chmod(0o777), "1 changed (.*cli.py"),
    "folder": (lambda site: (site / "empty").mkdir(), "1 appeared (.*empty"),
    "link": (replace_folder, r"1 changed (.*sample.*, \d+ appeared (.*, ….*, \d+ vanished"),
    "settings": (lambda site: write(site.parents[2] / "pyvenv.cfg", ""), "1 changed (pyvenv.cfg"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_any_change_is_found_and_named(built: Environment, attack: str) -> None:
    change, words = ATTACKS[attack]
    wanted = words.replace("(", r"\(")
    assert built.inventory.entries
    change(packages(built))
    with pytest.raises(BuildError, match=f"has changed since it was built: {wanted}"):
        built.check_unchanged()
    assert not (built.folder / "environment.json").exists()


def test_stored_inventory_that_is_rewritten(built: Environment) -> None:
    """What is measured could write it: one session trusts what it read before."""
    assert built.inventory.entries
    write(packages(built) / "sample" / "extra.py", "")
    stored = built.folder / "inventory"
    stored.write_bytes(msgspec.msgpack.encode(take_inventory(built.venv)))
    with pytest.raises(BuildError, match="changed since it was built"):
        built.check_unchanged()


def test_inventory_of_another_environment_is_not_used(
    own_cache: Sandbox, built: Environment
) -> None:
    write(packages(built) / "sample" / "extra.py", "")
    stored = built.folder / "inventory"
    stored.write_bytes(msgspec.msgpack.encode(take_inventory(built.venv)))
    assert cached(built.record.recipe, own_cache.workspace) is None


def test_only_what_was_written_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("1", encoding="utf-8")
    first = take(tmp_path)
    settled = msgspec.structs.replace(first, taken_ns=first.taken_ns + 10**12)
    old = settled.entries[b"old"]
    settled.entries[b"old"] = msgspec.structs.replace(old, content="as remembered")
    assert take(tmp_path, known=settled).entries[b"old"].content == "as remembered"
    (tmp_path / "old").write_text("2", encoding="utf-8")
    assert differences(first, take(tmp_path, known=settled)) == "1 changed (old)"


def test_environment_says_its_digest(built: Environment) -> None:
    assert built.record.digest == built.inventory.digest
    assert built.record.digest == take_inventory(built.venv).digest


def test_no_file_is_shared(
    own_cache: Sandbox, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither with uv's cache nor with another environment, whatever the user's settings."""
    monkeypatch.setenv("UV_LINK_MODE", "hardlink")
    built = build_pair(own_cache, interpreter, "v1.0.0..locked")
    for side in (built.base, built.head):
        assert [file for file in side.venv.rglob("*") if _links(file) > 1] == []


def _links(file: Path) -> int:
    status = file.lstat()
    return status.st_nlink if stat.S_ISREG(status.st_mode) else 1


def test_every_distribution_is_held_against_its_record(built: Environment) -> None:
    site, said = packages(built), "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0"  # of ""
    for name, words in (("one", f"shared.py,{said}\n"), ("two", f"shared.py,{said}\n")):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        write(info / "METADATA", f"Name: {name}\nVersion: 1.0\n")
        write(info / "RECORD", words)
    write(site / "shared.py", "")
    check_undamaged(built.venv, take_inventory(built.venv))
    write(site / "two-1.0.dist-info" / "RECORD", "shared.py,sha256=AAAA,0\n")  # as "one" recorded
    check_undamaged(built.venv, take_inventory(built.venv))
    write(site / "shared.py", "# poisoned\n")
    with pytest.raises(BuildError, match=r"Files of one are not what its RECORD lists: .*shared"):
        check_undamaged(built.venv, take_inventory(built.venv))


@pytest.mark.parametrize(
    ("file", "content"),
    [("METADATA", b"Name: \xff\n"), ("RECORD", b"alone\n"), ("RECORD", b"x,sha256=A,\n")],
)
def test_metadata_that_cannot_be_read(built: Environment, file: str, content: bytes) -> None:
    (info,) = packages(built).glob("*.dist-info")
    (info / file).write_bytes(content)
    with pytest.raises(BuildError, match="metadata of what was installed cannot be"), readable():
        check_undamaged(built.venv, take_inventory(built.venv))


def test_files_that_cannot_be_read(built: Environment) -> None:
    """A pipe is not waited for, and a folder that is closed is a change."""
    os.mkfifo(packages(built) / "pipe")
    with pytest.raises(BuildError, match=r"1 appeared \(.*pipe"):
        built.check_unchanged()


@pytest.mark.parametrize("when", ["import", "exit"])
def test_forged_answer_is_not_believed(
    built: Environment, tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts are read from files. What the subject prints can't replace them."""
    file = packages(built) / "sample" / "__init__.py"
    forged = json.dumps(
        {"file": str(file), "prefix": str(built.venv), "python": "9", "packages": {}}
    )
    do = "print({0!r})" if when == "import" else "import atexit; atexit.register(print, {0!r})"
    elsewhere = tmp_path / "elsewhere" / "sample"
    elsewhere.mkdir(parents=True)
    write(elsewhere / "__init__.py", do.format(forged) + "\n")
    monkeypatch.setenv("BENCH_SANDBOX", "off")  # there it would not see the other folder
    own = {"PYTHONPATH": str(elsewhere.parent)}
    with pytest.raises(BuildError, match=r"takes .*elsewhere"):
        check_import(built.venv, built.record.provenance, own, find_workspace())


def test_module_in_the_working_directory_is_not_imported(
    built: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sample.py").write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check_import(built.venv, built.record.provenance, {}, find_workspace())


def test_import_that_proves_is_sandboxed(own_cache: Sandbox, built: Environment) -> None:
    """It runs what is measured: it must not write to where the proof is kept."""
    isolation = isolate(own_cache.workspace)
    if isolation.sandbox is None:
        pytest.skip(isolation.missing)
    file = packages(built) / "sample" / "__init__.py"
    for place in (file.with_name("planted.py"), built.folder / "inventory"):
        write(file, f"open({str(place)!r}, 'a').write('planted')\n")
        with pytest.raises(BuildError, match="can't be imported"):
            check_import(built.venv, built.record.provenance, {}, own_cache.workspace)
    assert b"planted" not in (built.folder / "inventory").read_bytes()


def test_variables_that_would_redirect_are_seen(
    built: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target's own variables may do much, but not import another copy unnoticed."""
    monkeypatch.setenv("BENCH_SANDBOX", "off")  # there it would not see the other copy
    (tmp_path / "sample.py").touch()
    proven = built.record.provenance
    with pytest.raises(BuildError, match=r"takes .*sample.py, not"):
        check_import(
            built.venv, built.record.provenance, {"PYTHONPATH": str(tmp_path)}, find_workspace()
        )
    with pytest.raises(BuildError, match="PYTHONSAFEPATH or PYTHONNOUSERSITE"):
        check_import(built.venv, proven, {"PYTHONSAFEPATH": ""}, find_workspace())


@pytest.mark.parametrize("source", ["raise SystemExit(0)", "import os; os._exit(0)", "1 / 0"])
def test_module_that_ends_the_interpreter(built: Environment, source: str) -> None:
    write(packages(built) / "quitter.py", f"{source}\n")
    with pytest.raises(BuildError, match="'quitter' can't be imported"):
        prove(built, "sample-project", "quitter")


def test_module_that_prints_while_it_is_imported(built: Environment) -> None:
    write(
        packages(built) / "chatty.py",
        "import atexit\nprint('hello')\natexit.register(print, 'bye')\n",
    )
    assert prove(built, "sample-project", "chatty").version == "1.0.0"


def test_namespace_package(built: Environment) -> None:
    """A package without `__init__.py` has no file of its own; a module in it has."""
    (packages(built) / "space").mkdir()
    (packages(built) / "space" / "inner.py").touch()
    assert prove(built, "sample-project", "space.inner").module_file.endswith("space/inner.py")
    with pytest.raises(BuildError, match="No module 'space' was installed"):
        prove(built, "sample-project", "space")


def test_head_cannot_say_that_it_lacks_what_a_benchmark_needs(
    built: Environment, tmp_path: Path
) -> None:
    """Else it would not be measured, and that is no error."""
    write(packages(built) / "sitecustomize.py", "print('sample.cli')\n")
    write(packages(built) / "sample" / "__init__.py", "print('sample.cli')\n")
    subject = Subject(environment=built, own={}, home=tmp_path, support=tmp_path, suites=tmp_path)
    needs = ("sample.cli", "sample", "json.decoder", "sys")
    subject.check_present(Benchmark(name="x", statement="sample", needs=needs))
    with pytest.raises(NotPresentError, match=r"no module sample.gone, gone.deep\)"):
        subject.check_present(
            Benchmark(name="x", statement="sample", needs=("sample.gone", "sys", "gone.deep"))
        )


def test_wrong_names_are_told_apart(built: Environment) -> None:
    with pytest.raises(
        BuildError, match=r"No distribution 'sample-projekt'.*sample-project"
    ) as one:
        prove(built, "sample-projekt", "sample")
    assert "`distribution`" in one.value.hint
    with pytest.raises(BuildError, match=r"'smaple'.*sample-project installs sample") as other:
        prove(built, "sample-project", "smaple")
    assert "`module`" in other.value.hint


def prove(built: Environment, distribution: str, module: str) -> Provenance:
    facts = interpreter_facts((built.venv / "bin" / "python").resolve())
    proven = read_provenance(built.venv, (distribution,), (module,), facts)
    check_import(built.venv, proven, {}, find_workspace())
    return proven
