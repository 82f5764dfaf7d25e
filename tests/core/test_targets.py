"""Reading targets: what is wrong is said with file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.sandbox import EXTRA, IMPORT, ROOT, WORK, Sandbox, target_text

from bench.core.catalogue import load_target, target_names
from bench.core.errors import UsageError
from bench.core.options import Options
from bench.core.target import Kind, line_of_path
from bench.engine.session.selection import select

TARGETS = ROOT / "bench" / "targets"
SUITES = ROOT / "bench" / "suites"


@pytest.mark.parametrize("name", target_names(TARGETS))
def test_shipped_target_loads(name: str) -> None:
    target = load_target(name, TARGETS)
    planned = select(target, Options(benchmarks=("*",)), SUITES)
    assert [one.declaration.name for one in planned[1:]] == [b.name for b in target.benchmark]
    usual = {one.declaration.name for one in select(target, Options(), SUITES)[1:]}
    assert usual == {b.name for b in target.benchmark if b.default}
    assert target.default_range or target.private


def test_three_targets_are_shipped() -> None:
    assert {"codeflash", "pip", "rich"} <= set(target_names(TARGETS))


def test_kinds_and_statements(sandbox: Sandbox) -> None:
    sandbox.write_target(
        target_text(WORK, IMPORT, 'name = "from"\nimport = "from a import b"',
                    'name = "script"\nscript = "x"')
    )  # fmt: skip
    benchmarks = load_target("sample", sandbox.workspace.targets).benchmark
    assert [one.kind for one in benchmarks] == [
        Kind.COMMAND, Kind.IMPORT, Kind.IMPORT, Kind.SCRIPT,
    ]  # fmt: skip
    assert [b.import_statement for b in benchmarks[1:3]] == ["import sample.cli", "from a import b"]


def test_example_is_no_target(sandbox: Sandbox) -> None:
    sandbox.write_target("this is no TOML", "_example")
    sandbox.write_target(target_text().replace('"sample"', '"other"', 1), "other")
    assert target_names(sandbox.workspace.targets) == ["other", "sample"]
    with pytest.raises(UsageError, match="no target '_example'"):
        load_target("_example", sandbox.workspace.targets)


@pytest.mark.parametrize("example", ["_example", "_example_image"])
def test_shipped_example_is_a_target_once_renamed(sandbox: Sandbox, example: str) -> None:
    text = (TARGETS / f"{example}.toml").read_text(encoding="utf-8")
    name = re.search(r'^name = "(.+)"', text, re.MULTILINE)
    assert name
    sandbox.write_target(text.replace(name[1], "mine"), "mine")
    assert load_target("mine", sandbox.workspace.targets).benchmark


@pytest.mark.parametrize(("typed", "meant"), [("smaple", "sample"), ("Sample", "sample")])
def test_unknown_target_suggests_a_close_one(sandbox: Sandbox, typed: str, meant: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_target(typed, sandbox.workspace.targets)
    assert f"There is no target {typed!r}. Did you mean {meant!r}?" in raised.value.message
    assert "Known targets: sample" in raised.value.hint


@pytest.mark.parametrize("name", ["", "../sample", "a/b", "sample.toml", "\0"])
def test_names_that_are_none(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(UsageError, match="There is no target"):
        load_target(name, sandbox.workspace.targets)


def test_no_targets_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no target"):
        load_target("rich", tmp_path / "nowhere")


# what is replaced in a good file, by what → what the message says, on which line
BROKEN = {
    "no TOML": ('layer = "sample layer"', "layer = ", "not valid TOML.*line 2"),
    "key given twice": ('module = "sample"', 'name = "again"', "not valid TOML"),
    "unknown key": ('layer = "sample layer"', 'layr = "x"\nlayer = "y"', "layr"),
    "missing key": ('distribution = "sample-project"\n', "", "distribution"),
    "wrong type": ("released = false", 'released = "yes"', r"sample\.toml:6: released"),
    "wrong type in a list": ('["sample", "work"]', '["sample", 1]', r"sample\.toml:13: .*command"),
    "empty command": ('["sample", "work"]', "[]", "exactly one of command, import, script, "),
    "bad name": ('name = "work"', 'name = "Work it!"', r"sample\.toml:12: .*name"),
    "nothing to run": ('command = ["sample", "work"]', "", "exactly one of command"),
    "two to run": ('name = "work"', 'name = "work"\nimport = "x"', "exactly one of command"),
    "negative time-out": ('name = "work"', 'name = "work"\ntimeout_s = -1', "timeout_s"),
    "unknown benchmark key": ('name = "work"', 'name = "work"\ntimeout = 3', "timeout"),
    "no benchmarks": ("[[benchmark]]", "[[benchmarks]]", "benchmark"),
    "no pythons": ('pythons = ["', 'pythons = []\nx = ["', "pythons|x"),
    "another name": ('name = "sample"', 'name = "other"', "the file is sample.toml"),
    "nowhere to be had": ("clone = ", 'clone = ""\ndescription = ', "a clone URL or releases"),
    "unknown network": ("released = false", 'network = "wifi"', "network"),
    "environment of numbers": ("released = false", "env = { A = 1 }", "env"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_file_is_explained(sandbox: Sandbox, case: str) -> None:
    old, new, message = BROKEN[case]
    good = target_text()
    assert old in good
    file = sandbox.workspace.targets / "sample.toml"
    file.write_text(good.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError, match=message) as raised:
        load_target("sample", sandbox.workspace.targets)
    assert str(file) in raised.value.message


def test_benchmark_declared_twice(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text(WORK, EXTRA))
    file = sandbox.workspace.targets / "sample.toml"
    file.write_text(target_text(WORK, EXTRA, WORK), encoding="utf-8")
    with pytest.raises(UsageError, match="benchmark names used twice: work"):
        load_target("sample", sandbox.workspace.targets)


@pytest.mark.parametrize("content", [b"name = '\xff'", b"\0", "name = 1".encode("utf-16")])
def test_file_that_is_no_text(sandbox: Sandbox, content: bytes) -> None:
    (sandbox.workspace.targets / "sample.toml").write_bytes(content)
    with pytest.raises(UsageError, match="not valid TOML"):
        load_target("sample", sandbox.workspace.targets)


LINES = {"$.name": 1, "$.benchmark[1].group": 7, "$.benchmark[0]": 2, "$.env.A": 10, "$.gone": None}


@pytest.mark.parametrize(("path", "line"), LINES.items())
def test_line_of_a_path(path: str, line: int | None) -> None:
    text = (
        'name = 1\n[[benchmark]]\nname = "a"\ngroup = "g"\n[[benchmark]]\nname = "b"\n'
        "group = 3\n\n[env]\nA = 1\n"
    )
    assert line_of_path(text, path) == line
