"""Keys of a benchmark in a target's file: what is accepted, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sandbox import target_text

from bench.core.catalogue import load_target
from bench.core.errors import UsageError
from bench.core.target import Benchmark, parse_target

COMMAND = 'name = "work"\ncommand = ["sample", "work"]'
SCRIPT = 'name = "work"\nscript = "x"'


def declared(*lines: str) -> Benchmark:
    return parse_target(target_text("\n".join(lines))).benchmark[0]


def test_exit_statuses() -> None:
    one, several = declared(COMMAND), declared(COMMAND, "exit_status = [0, 3]")
    assert [one.allows(status) for status in (0, 3, None)] == [True, False, False]
    assert [several.allows(status) for status in (0, 1, 3)] == [True, False, True]


def test_empty_arguments() -> None:
    assert declared('name = "x"\ncommand = ["sample", ""]').command == ("sample", "")


REFUSED = {
    'name = "x"\ncommand = ["", "a"]': "the first word of command is the program",
    f'{COMMAND}\nprepare = [""]': "the first word of prepare is the program",
    f"{COMMAND}\nexit_status = []": "exit_status: Expected `array` of length >= 1",
    f"{COMMAND}\nfailures_allowed = 0.9": "failures_allowed: Expected `float` <= 0.5",
    f'{COMMAND}\nstdin = "a"\nstdin_file = "b"': "stdin or stdin_file, not both",
    f'{SCRIPT}\nstdin = "a"': "stdin and stdin_file go with a command or an import",
    f'{COMMAND}\nstdout = "pipe"': "stdout: Invalid enum value 'pipe'",
    f'{COMMAND}\nstdin_file = "{{fixture}}/a"': "{fixture} is used, but the benchmark has no",
    f'{COMMAND}\nfiles = {{ "../a" = "b" }}': "'../a' is not a path inside the folder",
    f'{COMMAND}\nfiles = {{ "/a" = "b" }}': "'/a' is not a path inside the folder",
    f'{COMMAND}\nfixture = "f"\nfolder = "{{fixture}}"\nfiles = {{ a = "b" }}': "both sides share",
}


@pytest.mark.parametrize("lines", REFUSED)
def test_what_is_refused_is_named_with_file_and_line(tmp_path: Path, lines: str) -> None:
    file = tmp_path / "sample.toml"
    file.write_text(target_text(lines), encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_target("sample", tmp_path)
    assert REFUSED[lines] in str(raised.value)
    assert str(raised.value).startswith(f"{file}:")
    assert str(raised.value).removeprefix(f"{file}:")[0].isdigit()


def test_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "sample.toml").write_text(target_text(COMMAND), encoding="utf-8-sig")
    assert load_target("sample", tmp_path).benchmark[0].name == "work"
