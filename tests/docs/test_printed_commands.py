"""Every command, session and option that the documents print exists, and the other way round."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from support.documents import ROOT, Document, documents

from bench.cli.main import COMMANDS, _make_parser
from bench.core.catalogue import target_names
from bench.core.errors import ExitStatus
from bench.core.verdict import Verdict

# An example may name what a reader is about to add.
_TARGETS = (*target_names(ROOT / "bench" / "targets"), "httpie")
_PROGRAM = re.compile(r"(?:^|[ /])(nox|python -m bench|duetbench|make) ")


@cache
def sessions() -> set[str]:
    command = [sys.executable, "-m", "nox", "-f", str(ROOT / "noxfile.py"), "--nocolor", "-l"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = set(re.findall(r"^[-*] (\S+) ", listed, re.MULTILINE))
    return found | {f"bench-{target}" for target in _TARGETS}


@cache
def commands() -> dict[str, argparse.ArgumentParser]:
    names = [name for group in COMMANDS.values() for name in group]
    return {name: subparsers(_make_parser([name]))[name] for name in names}


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def options(parser: argparse.ArgumentParser) -> set[str]:
    found = {one for action in parser._actions for one in action.option_strings}
    for below in subparsers(parser).values():
        found |= options(below)
    return found - {"-h", "--help"}


def printed() -> Iterator[tuple[str, str]]:
    """(document, command line), from the name of the program on."""
    for document in documents():
        for line in document.code():
            found = _PROGRAM.search(line)
            if found and not any(mark in line for mark in ("…", "[", "<")):
                yield document.name, line[found.start(1) :]


def as_command(words: list[str]) -> list[str]:
    """What `python -m bench` gets to see; empty where it sees nothing."""
    if words[0] == "python":
        return words[3:]
    if words[0] == "duetbench":
        return words[1:]
    if words[0] == "make":
        given = dict(word.split("=", 1) for word in words[2:] if "=" in word)
        rest = [*shlex.split(given.get("RANGE", "")), *shlex.split(given.get("ARGS", ""))]
        return ["run", given.get("TARGET", "codeflash"), *rest] if words[1] == "bench" else []
    if "--" not in words:
        return []
    session, arguments = words[words.index("-s") + 1], words[words.index("--") + 1 :]
    if session == "bench":
        return ["run", *arguments]
    if session.startswith("bench-"):
        return ["run", session.removeprefix("bench-"), *arguments]
    # `fleet` is a playbook as a session and something else as a command.
    return [session, *arguments] if session in commands().keys() - {"fleet"} else []


@pytest.mark.parametrize(("document", "line"), sorted(set(printed())))
def test_printed_command_exists(document: str, line: str) -> None:
    words = shlex.split(line.partition(" | ")[0], comments=True)
    if words[0] == "make":
        rules = re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert words[1] in rules
    if words[0] == "nox" and "-s" in words:
        assert words[words.index("-s") + 1] in sessions()
    command = as_command(words)
    if command[:1] == ["run"]:
        assert "/" in command[1] or command[1] in {*_TARGETS, "TARGET", "PATH", "."}
    if command and command[0] != "COMMAND":
        _make_parser(command).parse_args(command)


def test_page_of_options_has_every_command_and_option() -> None:
    page = Document("docs/options.md").text
    missing = [name for name in commands() if f"`bench {name}`" not in page]
    for name, parser in commands().items():
        if name != "replay":  # its steps are on the page of services
            missing += [f"{name} {one}" for one in options(parser) - documented(page, name)]
    assert missing == []


def test_page_of_options_has_no_other_option() -> None:
    page = Document("docs/options.md").text
    gone = {name: documented(page, name) - options(parser) for name, parser in commands().items()}
    assert {name: extra for name, extra in gone.items() if extra} == {}


def documented(page: str, command: str) -> set[str]:
    """The options in the section or the rows of a command."""
    section = page.partition(f"\n## `bench {command}`\n")[2].partition("\n## ")[0]
    rows = [line for line in page.splitlines() if line.startswith(f"| `bench {command}`")]
    return set(re.findall(r"--[a-z][a-z-]+|(?<=`)-[a-z](?= )", "\n".join([section, *rows])))


def test_page_of_options_has_every_exit_status() -> None:
    page = Document("docs/options.md").text.partition("## Exit statuses")[2]
    assert {int(one) for one in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == set(ExitStatus)


def test_page_for_agents_has_every_exit_status_of_run() -> None:
    page = Document("AGENTS.md").text
    rows = re.findall(r"^\| ((?:\d+, )*\d+) \|", page, re.MULTILINE)
    said = {int(one) for row in rows for one in row.split(", ")}
    others = {ExitStatus.IMPORTED_AGAIN, ExitStatus.NOTHING_FOUND}  # of guard and optimize
    assert said == set(ExitStatus) - others
    assert len(page.splitlines()) <= 60
    verdicts = page.partition("`.verdict` |")[2].partition(";")[0]
    assert re.findall("`([^`]+)`", verdicts) == [str(one) for one in Verdict]
