"""Recipe `early-answer`: `--version` is answered before the program is imported.

What is printed is read from the sources, and from nowhere else: the text of an `argparse` version
action or of `click.version_option`, followed to the names it is made of. What can't be followed is
left as it is. `--help` is left: its text is made by the parser, which needs the program.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from bench.explain.optimize.change import Change, Left, Proposal, Site
from bench.explain.optimize.project import Project, Scenario
from bench.explain.optimize.recipes.reading import (
    OwnFile,
    Statement,
    after_head,
    file_of,
    loaded,
    own_files,
    parsed,
    rewriter,
    statements,
)
from bench.explain.optimize.recipes.version_text import (
    TextPart,
    UnclearError,
    metadata_version,
    resolve,
    text_of,
    with_program,
)

_GUARD = 'sys.modules["__main__"].__spec__ is None'  # a script, and no module run by -m
_SAYS = r"""version_option|action\s*=\s*["']version"""
_ASKS = frozenset({"--version", "-V"})
_HELP = frozenset({"--help", "-h"})
_WHY = (
    "The options that ask for the version, alone, as the installed command, are answered with the "
    "same text from the same place; everything else takes the path it took."
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a program prints when it is asked for its version, and where its sources say so."""

    options: tuple[str, ...]
    parts: tuple[TextPart, ...]
    place: str
    wraps: bool = False  # argparse breaks lines at the width of the window
    unless: str = ""  # a variable of the environment with which it answers something else


class EarlyAnswer:
    """Finds how `--version` is answered, and answers it at the top of the command's module."""

    name = "early-answer"
    summary = "A command answers --version before it imports what only other commands need."

    def propose(self, project: Project) -> Proposal:
        """At most one change for each command that a scenario asks for its version."""
        changes, left = [], list(_help(project))
        texts: dict[Site, str] = {}
        for scenario in project.scenarios:
            command = scenario.benchmark.command
            if len(command) != 2 or command[1] not in _ASKS:
                continue
            try:
                file, answer = _found(project, scenario)
            except UnclearError as error:
                left.append(Left(what=" ".join(command), why=str(error)))
                continue
            saving_s = _saving_s(scenario, file, answer)
            if saving_s < project.least * scenario.imports.timed.scenario.process_s:
                left.append(
                    Left(what=" ".join(command), why="it is answered early enough: see imports")
                )
                continue
            site = _site(file, answer)
            texts[site] = _fast_path(command[0], answer)
            changes.append(
                Change(
                    recipe=self.name,
                    title=f"answer {command[0]} {command[1]} before importing the program",
                    sites=(site,),
                    why=_WHY,
                    saves_s={scenario.benchmark.name: saving_s},
                )
            )
        return Proposal(
            changes=tuple(changes),
            rewrite=rewriter(
                project, lambda file, sites: _written(file, [texts[one] for one in sites])
            ),
            left=tuple(left),
        )


def _help(project: Project) -> Iterator[Left]:
    for scenario in project.scenarios:
        command = scenario.benchmark.command
        if len(command) > 1 and command[-1] in _HELP:
            yield Left(
                what=" ".join(command),
                why="its text is made by the parser, which needs the program: deferred imports "
                "are what makes it faster",
            )


def _found(project: Project, scenario: Scenario) -> tuple[OwnFile, Answer]:
    """The module of the command, and what it answers; raises `UnclearError`."""
    command, asked = scenario.benchmark.command
    module = _entry_point(project, command)
    file = file_of(project, module)
    if file is None:
        raise UnclearError(f"the command's module {module} is not a Python file of the project")
    if _GUARD in file.text:
        raise UnclearError("it is answered early")
    answers = [
        answer
        for one in parsed(own_files(project, _SAYS, loaded(project, scenario)))
        for answer in _answers(project, one, file, command)
        if asked in answer.options
    ]
    if len(answers) != 1:
        raise UnclearError(
            f"{len(answers)} places say what {asked} answers; it is known how to follow one "
            "argparse version action or one click.version_option"
        )
    return file, answers[0]


def _entry_point(project: Project, command: str) -> str:
    """The module of a console script; raises `UnclearError` where no own package declares it."""
    for file in project.environment.venv.glob("lib/python*/site-packages/*/entry_points.txt"):
        reader = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        reader.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            reader.read_string(file.read_text(encoding="utf-8"))
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        if reader.has_option("console_scripts", command):
            return reader.get("console_scripts", command).partition(":")[0].strip()
    raise UnclearError(f"{command} is no console script that a package declares")


def _answers(project: Project, file: OwnFile, entry: OwnFile, command: str) -> Iterator[Answer]:
    """What the version actions of a file answer; raises `UnclearError`."""
    for call in m.findall(file.tree, m.Call()):
        assert isinstance(call, cst.Call)
        if _is_action(call):
            yield _of_argparse(project, file, entry, command, call)
        elif _called(call) == "version_option":
            yield _of_click(project, file, entry, command, call)


def _is_action(call: cst.Call) -> bool:
    action = _given(call).get("action")
    return _called(call) == "add_argument" and text_of(action) == "version"


def _of_argparse(
    project: Project, file: OwnFile, entry: OwnFile, command: str, call: cst.Call
) -> Answer:
    value = _given(call).get("version")
    if value is None:
        raise UnclearError("a version action without a text")
    parts = resolve(value, file, project, entry)
    if any("%(prog)" in one.text for one in parts):
        parts = with_program(parts, _prog_of_parser(file, command))
    options = [text_of(one.value) for one in call.args if one.keyword is None]
    shown = "".join(one.text or "x" for one in parts)
    if shown.split() != shown.split(" ") or not shown.strip():
        raise UnclearError("argparse would fill the text of its version action anew")
    return Answer(
        options=tuple(one for one in options if one),
        parts=parts,
        place=f"{file.path}:{file.line(call)}",
        wraps=True,
    )


def _prog_of_parser(file: OwnFile, command: str) -> str:
    parsers = [
        one
        for one in m.findall(file.tree, m.Call())
        if isinstance(one, cst.Call) and _called(one).endswith("ArgumentParser")
    ]
    if len(parsers) != 1:
        raise UnclearError(f"{len(parsers)} parsers stand beside the version action")
    prog = _given(parsers[0]).get("prog")
    if prog is None and not (parsers[0].args and parsers[0].args[0].keyword is None):
        return command
    found = text_of(prog)
    if not found:
        raise UnclearError("the parser's prog is no plain text")
    return found


def _of_click(
    project: Project, file: OwnFile, entry: OwnFile, command: str, call: cst.Call
) -> Answer:
    given = _given(call)
    words = [text_of(one.value) for one in call.args if one.keyword is None]
    first = next((one.value for one in call.args if one.keyword is None), None)
    options = tuple(one for one in words if one and one.startswith("-")) or ("--version",)
    value = given.get("version", None if words and (words[0] or "").startswith("-") else first)
    if value is not None and not m.matches(value, m.Name("None")):
        version = resolve(value, file, project, entry)
    elif "package_name" in given:
        name = text_of(given["package_name"])
        version = (metadata_version(name),) if name else ()
    else:
        version = (metadata_version(file.module.partition(".")[0]),)
    program = text_of(given["prog_name"]) if "prog_name" in given else command
    message = text_of(given["message"]) if "message" in given else "%(prog)s, version %(version)s"
    if not version or not program or not message:
        raise UnclearError("the arguments of version_option are no plain text")
    parts: list[TextPart] = []
    for number, piece in enumerate(message.replace("%(prog)s", program).split("%(version)s")):
        if "%" in piece:
            raise UnclearError("the message of version_option has more than program and version")
        parts += (*(version if number else ()), TextPart(text=piece))
    return Answer(
        options=options,
        parts=tuple(one for one in parts if one != TextPart()),
        place=f"{file.path}:{file.line(call)}",
        unless=f"_{re.sub(r'[-.]', '_', command).upper()}_COMPLETE",
    )


def _called(call: cst.Call) -> str:
    """The last part of what is called."""
    func = call.func
    if isinstance(func, cst.Attribute):
        return func.attr.value
    return func.value if isinstance(func, cst.Name) else ""


def _given(call: cst.Call) -> dict[str, cst.BaseExpression]:
    return {one.keyword.value: one.value for one in call.args if one.keyword is not None}


def _saving_s(scenario: Scenario, file: OwnFile, answer: Answer) -> float:
    """What a process takes beyond a bare interpreter, without the imports that remain."""
    timed = scenario.imports.timed
    whole = timed.scenario.whole_s
    package = file.module.rpartition(".")[0]
    remains = whole.get(package, 0.0) if package else 0.0
    if any("importlib.metadata" in one.statement for one in answer.parts):
        remains += whole.get("importlib.metadata", 0.0)
    return timed.scenario.process_s - timed.bare.process_s - remains


def _site(file: OwnFile, answer: Answer) -> Site:
    width = sum(len(one.text or "0.0.0.dev0") for one in answer.parts)
    narrow = f"a window of fewer than {width} columns broke the line" if answer.wraps else ""
    line = after_head(file.tree)
    at = file.line(file.tree.body[line]) if line < len(file.tree.body) else 1
    return Site(
        file=file.path,
        line=at,
        words=f"{' and '.join(answer.options)} answered as {answer.place} does",
        risks=tuple(
            one
            for one in (
                "what the program does before it reads its arguments is not done for this answer",
                narrow,
            )
            if one
        ),
    )


def _fast_path(command: str, answer: Answer) -> str:
    needed = dict.fromkeys(one.statement for one in answer.parts if one.statement)
    asked = ", ".join(f'["{one}"]' for one in answer.options)
    many = len(answer.options) > 1
    test = f"sys.argv[1:] in ({asked})" if many else f"sys.argv[1:] == {asked}"
    shown = "".join(f"{{{one.name}}}" if one.name else _quoted(one.text) for one in answer.parts)
    plain = json.dumps("".join(one.text for one in answer.parts) + "\n", ensure_ascii=False)
    text = f'f"{shown}\\n"' if any(one.name for one in answer.parts) else plain
    lines = [
        "import os",
        "import sys",
        "",
        "if (",
        f"    {test}",
        f'    and os.path.basename(sys.argv[0]) == "{command}"',
        f"    and {_GUARD}",
        *([f'    and "{answer.unless}" not in os.environ'] if answer.unless else []),
        "):  # asked for the version alone: nothing else is needed",
        *(f"    {one}" for one in needed),
        *([""] if needed else []),
        f"    sys.stdout.write({text})",
        "    raise SystemExit(0)",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Text as it stands in an f-string between double quotes."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1]  # what it escapes Python reads alike
    return inner.replace("{", "{{").replace("}", "}}")


def _written(file: OwnFile, fast_paths: list[str]) -> str:
    tree = file.tree
    place = after_head(tree)
    new = [one for text in fast_paths for one in statements(text, tree.config_for_parsing)]
    body = [*tree.body[:place], *_apart(new, place), *_apart(tree.body[place:], 1)]
    return tree.with_changes(body=body).code


def _apart(body: Sequence[Statement], place: int) -> list[Statement]:
    """Statements with an empty line in front of the first, where something stands before it."""
    if not body or not place:
        return list(body)
    lines = list(body[0].leading_lines)
    if not lines or lines[0].comment is not None:
        lines.insert(0, cst.EmptyLine(indent=False))
    return [body[0].with_changes(leading_lines=lines), *body[1:]]


RECIPE = EarlyAnswer()
