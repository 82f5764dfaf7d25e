"""What was installed on both sides and where: packages, environments, machine, tests.

A page for what the pair's own page shows, and one for each other machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.environment import EnvironmentRecord, ImageRecord, Provenance, SourceMatch
from bench.core.revision import Revision, Source
from bench.engine.environments.dependencies import DependencyChange
from bench.formats.markdown import code, collapsed, fenced, heading, link, plain, prose, table
from bench.formats.text import counted, day, duration, joined, mebibytes
from bench.report.output import Output, Page
from bench.report.pair.gate_section import gate_section
from bench.report.pair.machine_section import machine_section
from bench.report.pair.notes import dependency_changes
from bench.report.select_runs import OnMachine, PairRuns, Shown

_OPEN_TABLE_LIMIT = 12
_DIFFERENT_SHOWN = 5


def environments_file(on: OnMachine, others: Sequence[OnMachine]) -> str:
    """The name of the page that tells of a machine; `others` are those with pages of their own."""
    return f"environments-{on.folder}.md" if on in others else "environments.md"


def write_environments_pages(
    pair: PairRuns, others: Sequence[OnMachine], output: Output, folder: str, title: str
) -> None:
    """Write the pages; `others` are the machines that have pages of their own."""
    main = [on for on in pair.machines if on not in others]
    page = output.page(f"{folder}/environments.md")
    page.write(_blocks(main, others, page, title))
    for on in others:
        page = output.page(f"{folder}/{environments_file(on, others)}")
        page.write(_blocks([on], (), page, f"{title}, on {on.name}"))


def _blocks(
    machines: Sequence[OnMachine], others: Sequence[OnMachine], page: Page, title: str
) -> Iterator[str]:
    yield heading(1, f"Environments of {title}")
    yield page.back()
    if others:
        names = [link(on.name, environments_file(on, others)) for on in others]
        yield f"On other machines: {joined(names)}."
    yield from dependency_section([one for on in machines for one in on.shown])
    for on in machines:
        yield from machine_section(on, 2)
    for on in machines:
        for one in on.shown:
            yield heading(2, f"{one.name}, {on.machine.name}")
            yield from _environments(one)
            yield gate_section(one.run, 3)


def dependency_section(shown: Sequence[Shown]) -> Iterator[str]:
    """Third-party packages that differ; Pythons with the same differences share a table."""
    yield heading(2, "Dependency differences")
    groups: dict[tuple[DependencyChange, ...], list[str]] = {}
    for one in shown:
        groups.setdefault(dependency_changes(one.run), []).append(one.python)
    for changes, pythons in groups.items():
        where = f" on Python {joined(list(dict.fromkeys(pythons)))}" if len(groups) > 1 else ""
        if not changes:
            yield f"All third-party packages have the same version on both sides{where}."
            continue
        words = f"{counted(len(changes), 'third-party package')} differ{'s' * (len(changes) == 1)}"
        yield f"{words} between the sides{where}: part of any change may be theirs."
        rows = [
            [
                plain(one.package),
                plain(one.base or "not installed"),
                plain(one.head or "not installed"),
            ]
            for one in changes
        ]
        listed = table(("package", "base", "head"), rows, numbers=False)
        is_long = len(changes) > _OPEN_TABLE_LIMIT
        yield collapsed(f"All {len(changes)}", listed) if is_long else listed


def _environments(one: Shown) -> Iterator[str]:
    """A table of both sides, and the commands that built them."""
    manifest = one.run.manifest
    yield f"Revisions were looked up in {plain(manifest.pair.origin)}."
    sides = (manifest.base, manifest.head)
    rows = [
        [name, *values]
        for name, *values in zip(_NAMES, *(_facts(side) for side in sides), strict=True)
        if any(value != "–" for value in values)
    ]
    yield table(("", "base", "head"), rows, numbers=False)
    if one.is_complete:
        yield _proven(*sides)
    commands = "\n".join(
        f"# {name}\n" + "\n".join(side.commands)
        for name, side in zip(("base", "head"), sides, strict=True)
    )
    yield collapsed("Commands that built them", fenced(commands, "sh"))
    if manifest.variables:
        pairs = [code(f"{name}={value}") for name, value in sorted(manifest.variables.items())]
        yield f"Environment variables of the target: {', '.join(pairs)}."


def _proven(base: EnvironmentRecord, head: EnvironmentRecord) -> str:
    if base.digest and head.digest:
        return "All files of both sides had the same hashes before and after measuring."
    return "Both sides proved version, record and module file before and after measuring."


_NAMES = (
    "revision",
    "date",
    "subject",
    "installed from",
    "names it goes by",
    "dependencies",
    "package sources set by the user",
    "image",
    "its digest",
    "its definition (sha256)",
    "its size",
    "its engine",
    "pinned to the other side",
    "left out of the checkout",
    "record (sha256)",
    "files identical to the commit's",
    "committed, not installed",
    "all files (sha256)",
    "Python",
    "interpreter",
    "module file, proven",
    "version it reports",
    "uv",
    "built in",
    "environment key",
)


def _kind(revision: Revision) -> str:
    if revision.parent:
        return f"a working tree: a git tree, changed from commit {code(revision.parent)}"
    return "a release" if revision.source is Source.PYPI else "a commit"


def _facts(side: EnvironmentRecord) -> list[str]:
    revision, recipe, proven = side.revision, side.recipe, side.provenance
    asked = f" (asked for as {plain(revision.name)})" * (revision.name != revision.identity)
    facts = (
        code(revision.identity) + asked,
        day(revision.date),
        prose(revision.subject),
        _kind(revision),
        _names(side),
        _dependencies(recipe.dependencies),
        plain(", ".join(recipe.package_sources)),
        *_image(side.image),
        str(len(recipe.constraints)) if recipe.constraints else "",
        plain(", ".join(recipe.excludes)),
        code(proven.record_sha256),
        _source_match(side),
        _not_installed(side.source_match),
        code(side.digest) if side.digest else "",
        _python(proven),
        code(proven.base_executable),
        code(proven.module_file),
        plain(proven.version),
        plain(side.uv),
        duration(side.build_s),
        code(side.key),
    )
    return [fact or "–" for fact in facts]


def _python(proven: Provenance) -> str:
    words = f"{proven.implementation} {proven.python}, {proven.compiler}"
    free_threaded = ", free-threaded" * proven.python.endswith("t")
    jit = f", built with a JIT that is {proven.jit} unless PYTHON_JIT is set" * bool(proven.jit)
    return plain(f"{words}{free_threaded}{jit}")


def _names(side: EnvironmentRecord) -> str:
    """Said where the target's file names several."""
    several = side.recipe.other_distributions or side.recipe.other_modules
    if not several and not side.revision.distribution:
        return ""
    return f"{code(side.distribution)}, imported as {code(side.module)}"


def _dependencies(how: str) -> str:
    if how == "uv.lock":
        return f"locked by the commit's {code('uv.lock')}"
    if how.partition(" ")[0] == "image":
        return "by the image's definition"
    return f"newest before {plain(how)}"


def _image(image: ImageRecord | None) -> list[str]:
    if image is None:
        return [""] * 5
    return [
        code(image.tag),
        code(image.identity),
        f"{code(image.definition)} {code(image.definition_sha256)}",
        mebibytes(image.size_bytes),
        plain(f"{image.engine} {image.engine_version}"),
    ]


def _source_match(side: EnvironmentRecord) -> str:
    match = side.source_match
    if match is None:
        return "not compared (a release)" if side.recipe.source == "pypi" else "not compared"
    total = match.identical + len(match.different)
    words = f"{match.identical} of {total}"
    if not match.different:
        return words
    return f"{words}; different: {_listed(match.different)}"


def _not_installed(match: SourceMatch | None) -> str:
    """Files of the package that the commit has and the environment has not."""
    if match is None or not match.missing:
        return ""
    return f"{max(match.missing_files, len(match.missing))}: {_listed(match.missing)}"


def _listed(names: Sequence[str]) -> str:
    words = ", ".join(code(name) for name in names[:_DIFFERENT_SHOWN])
    return f"{words}{' …' * (len(names) > _DIFFERENT_SHOWN)}"
