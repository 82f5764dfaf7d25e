"""A statement that can be deferred, in words: what to write, what could break, ruff's findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bench.core.process import run_tool
from bench.engine.revisions.git import Clone
from bench.explain.rank.candidates import Candidate, Deferral, DeferralWay
from bench.explain.rank.ranking import Opportunity
from bench.explain.rank.recording import Times
from bench.explain.rank.ruff import RuffHints
from bench.explain.rank.sets import Worth
from bench.formats.text import counted

_SHOWN = 4

Patched = Mapping[str, Sequence[str]]  # attribute → files that name it in a string


def describe(
    candidate: Candidate,
    got: Collection[str],
    worth: Worth,
    times: Times,
    ruff: RuffHints,
    patched: Patched,
) -> Opportunity:
    """One statement of the best set, which had these modules `got`."""
    source, statement = candidate.source, candidate.statement
    end = statement.node.end_lineno or statement.line
    hints = ruff.get(source.file, ())
    rules = {one.rule for one in hints if statement.line <= one.line <= end}
    return Opportunity(
        module=source.module,
        file=shown_file(source.file),
        line=statement.line,
        names=tuple(one.name.bound for one in candidate.deferrals),
        whole=candidate.is_whole,
        alone_s=worth.alone,
        leave_one_out_s=worth.leave_one_out,
        share_s=worth.share,
        cumulative_s=max((times.whole_s.get(one, 0.0) for one in got), default=0.0),
        change=change_words(candidate),
        risks=(*_risks(candidate), *_patched(candidate, patched)),
        ruff=tuple(sorted(rules)),
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
    if DeferralWay.INTO_FUNCTIONS in one.ways:
        at_top = candidate.statement.at_top
        words.append(
            f"import it in {_functions(one.functions)}"
            if at_top
            else f"in `{one.functions[0]}`, import it just before its first use"
        )
    if DeferralWay.FOR_TYPES in one.ways:
        words.append("keep it under `if TYPE_CHECKING:` for annotations")
    if one.needs_future:
        words.append("add `from __future__ import annotations`")
    if DeferralWay.ON_REQUEST in one.ways:
        words.append("provide it by a module `__getattr__`")
    if DeferralWay.REMOVED in one.ways:
        words.append("remove it: nothing uses the name")
    return ", ".join(words)


def _functions(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {counted(more, 'more function')}" if more > 0 else shown


def _risks(candidate: Candidate) -> list[str]:
    found = []
    for one in candidate.deferrals:
        if one.exported:
            found.append(f"`{one.name.bound}` is public (in `__all__` or a package's `__init__`)")
        if one.asked_by:
            others = ", ".join(f"`{name}`" for name in one.asked_by[:_SHOWN])
            found.append(f"`{one.name.bound}` is imported from here by {others}")
        if one.needs_future:
            found.append("annotations become strings: code that evaluates them at run time")
        if DeferralWay.REMOVED in one.ways:
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
