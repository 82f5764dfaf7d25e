"""What was found, in words: the smallest change, its risks, and who else says so."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bench.core.process import run_tool
from bench.engine.revisions.git import Clone
from bench.explain.rank.analysis import Finding
from bench.explain.rank.candidates import Candidate, Deferral, Way
from bench.explain.rank.recording import Times
from bench.explain.rank.sets import Worth

_RULES = "F401,TC001,TC002,TC003"
_SHOWN = 4

RuffSays = Mapping[tuple[Path, int], tuple[str, ...]]
Patched = Mapping[str, Sequence[str]]  # attribute → files that name it in a string


def find_ruff() -> str | None:
    """ruff beside the Python that runs us, or on the PATH."""
    return shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")


def ask_ruff(files: Sequence[Path]) -> RuffSays:
    """(file, line) → the rules on imports that it breaks; empty without ruff."""
    ruff = find_ruff()
    if ruff is None or not files:
        return {}
    asked = run_tool(
        [ruff, "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--select", _RULES,
         "--output-format", "json", *files]
    )  # fmt: skip
    found = defaultdict(set)
    for one in json.loads(asked.stdout or "[]"):
        found[Path(one["filename"]), one["location"]["row"]].add(str(one["code"]))
    return {place: tuple(sorted(codes)) for place, codes in found.items()}


def describe(
    candidate: Candidate,
    got: Collection[str],
    worth: Worth,
    times: Times,
    ruff: RuffSays,
    patched: Patched,
) -> Finding:
    """One statement of the best set, which had these modules `got`."""
    source, statement = candidate.source, candidate.statement
    end = statement.node.end_lineno or statement.line
    codes = {
        code
        for line in range(statement.line, end + 1)
        for code in ruff.get((source.file, line), ())
    }
    promised = max((times.whole_s.get(one, 0.0) for one in got), default=0.0)
    return Finding(
        source.module,
        shown_file(source.file),
        statement.line,
        ast.unparse(statement.node),
        tuple(one.name.bound for one in candidate.deferrals),
        candidate.is_whole,
        worth.alone,
        worth.last,
        worth.share,
        promised,
        change_words(candidate),
        (*_risks(candidate), *_patched(candidate, patched)),
        tuple(sorted(codes)),
    )


def shown_file(file: Path) -> str:
    """A file as the project knows it: from its site-packages on."""
    parts = file.parts
    at = max(i for i, part in enumerate(parts) if part.endswith("-packages"))
    return "/".join(parts[at + 1 :])


def change_words(candidate: Candidate) -> str:
    """What to write, in words."""
    said: dict[str, list[str]] = defaultdict(list)
    for one in candidate.deferrals:
        said[_change(candidate, one)].append(f"`{one.name.bound}`")
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in said.items())


def _change(candidate: Candidate, one: Deferral) -> str:
    words = []
    if Way.INTO_FUNCTIONS in one.ways:
        at_top = candidate.statement.at_top
        words.append(
            f"import it in {_functions(one.functions)}"
            if at_top
            else f"import it in `{one.functions[0]}` only where it is used, further down"
        )
    if Way.FOR_TYPES in one.ways:
        words.append("keep it under `if TYPE_CHECKING:` for annotations")
    if one.needs_future:
        words.append("add `from __future__ import annotations`")
    if Way.ON_REQUEST in one.ways:
        words.append("hand it out by a module `__getattr__`")
    if Way.REMOVED in one.ways:
        words.append("remove it: nothing uses the name")
    return ", ".join(words)


def _functions(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more functions" if more > 0 else shown


def _risks(candidate: Candidate) -> list[str]:
    found = []
    for one in candidate.deferrals:
        if one.exported:
            found.append(f"`{one.name.bound}` is shown to others (`__all__` or a package)")
        if one.asked_by:
            others = ", ".join(f"`{name}`" for name in one.asked_by[:_SHOWN])
            found.append(f"`{one.name.bound}` is taken from here by {others}")
        if one.needs_future:
            found.append("annotations become strings: who evaluates them at run time?")
        if Way.REMOVED in one.ways:
            found.append(f"`{one.name.bound}` may be imported for its side effects")
    return list(dict.fromkeys(found))


def named_in_strings(candidates: Sequence[Candidate], clone: Clone | None, commit: str) -> Patched:
    """Attributes that files name in a string, as `mock.patch` does; empty without a `clone`."""
    names = [name for one in candidates if one.statement.at_top for name in _attributes(one)]
    if clone is None or not names:
        return {}
    options = [word for name in names for quote in "'\"" for word in ("-e", f"{quote}{name}")]
    looked = run_tool(
        ["git", "-C", clone.path, "grep", "--fixed-strings", *options, commit, "--", "*.py"]
    )
    found = defaultdict[str, list[str]](list)
    for line in looked.stdout.splitlines():
        _, file, text = line.split(":", 2)
        for name in names:
            is_named = f'"{name}' in text or f"'{name}" in text
            if is_named and file not in found[name]:
                found[name].append(file)
    return found


def _attributes(candidate: Candidate) -> list[str]:
    return [f"{candidate.source.module}.{one.name.bound}" for one in candidate.deferrals]


def _patched(candidate: Candidate, patched: Patched) -> list[str]:
    return [
        f"`{name}` is named in a string in {', '.join(patched[name][:_SHOWN])}"
        for name in _attributes(candidate)
        if candidate.statement.at_top and patched.get(name)
    ]
