"""Help: each command says what it does, gives examples, and lists the exit statuses."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench.cli
from bench.cli.arguments import STATUSES
from bench.cli.main import COMMANDS, main
from bench.core.errors import ExitStatus

NAMES = [name for group in COMMANDS.values() for name in group]


def parsers(name: str) -> Iterator[argparse.ArgumentParser]:
    """The parser of a command, and those of its steps."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    importlib.import_module(f"bench.cli.{name.replace('-', '_')}").add_arguments(parser)
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_every_command_is_listed() -> None:
    files = Path(bench.cli.__file__).parent.glob("*.py")
    commands = {file.stem for file in files if "\ndef add_arguments(" in file.read_text()}
    assert commands == {name.replace("-", "_") for name in NAMES}


def test_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    assert text.startswith("usage: python -m bench COMMAND")
    for group, commands in COMMANDS.items():
        assert f"\n{group}:\n" in text
        for name, summary in commands.items():
            assert re.search(rf"^  {name} +{re.escape(summary)}$", text, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_a_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, name)
    assert text.startswith(f"usage: python -m bench {name}")
    assert max(map(len, text.splitlines())) <= 80
    examples = text.partition("\nexamples:\n")[2].partition("\n\n")[0].splitlines()
    assert len(examples) >= 2
    assert all(one.startswith(f"  python -m bench {name}") for one in examples)
    assert set(STATUSES) == set(ExitStatus)
    for status, meaning in STATUSES.items():
        assert f"  {status:<4} {meaning}" in text


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_described(name: str) -> None:
    for parser in parsers(name):
        assert (parser.description or "").endswith(".")
        for action in parser._actions:
            assert action.help or isinstance(action, argparse._SubParsersAction), action
            takes_a_value = action.option_strings and action.nargs != 0
            if takes_a_value and not action.required and action.dest != "block":
                known = ("Default: ", "may be repeated", "every Nth", "plan: ")
                assert any(word in (action.help or "") for word in known), action
