"""The page of one revision's profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import load_words, profiled_words, revision_words
from bench.explain.profile.flame import Caption, by_package, milliseconds
from bench.explain.profile.folded import Stacks, mean_stacks, write_folded
from bench.explain.profile.sampling import Sampled
from bench.explain.profile.session import Profile
from bench.explain.profile.tables import by_self_time
from bench.explain.profile.tree import build_tree, costs, group_costs
from bench.explain.profile.work_sections import work_sections
from bench.formats.markdown import code, heading, image, link
from bench.formats.text import counted, joined, seconds

_SIDE = Side.BASE


def single_blocks(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    """Everything there is of the revision, the pictures first."""
    yield heading(1, f"{code(profiled_words(profile))}: where the time goes")
    yield f"{revision_words(profile, _SIDE)}. {load_words(profile.load)}"
    if profile.taken.sampled:
        yield from _sampled(profile, artefacts)
    if profile.taken.native:
        yield from _native(profile, profile.taken.native, artefacts)
    if profile.taken.imports:
        yield from _imports(profile, artefacts)
    yield from work_sections(profile, artefacts)


def _picture(
    profile: Profile, artefacts: Artefacts, name: str, runs: Sequence[Stacks], caption: Caption
) -> str:
    """A flame graph; its alternative text names the packages that take most."""
    content = by_package(build_tree(runs), _SIDE, caption, profile.target.name)
    ordered = sorted(group_costs(runs).items(), key=lambda item: -item[1].own(_SIDE).mean())
    most = [f"{group} {milliseconds(one.own(_SIDE).mean())}" for group, one in ordered[:3]]
    return image(f"{caption.title}; most self time: {joined(most)}", artefacts.write(name, content))


def _sampled(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    sampled = profile.taken.sampled[_SIDE]
    total_ms = sampled.total_s * 1000
    caption = Caption(
        f"{profiled_words(profile)}: {seconds(sampled.total_s)}",
        f"{revision_words(profile, _SIDE)}. Width is CPU time; callees are below their caller. "
        f"{_basis(sampled)}.",
    )
    yield _picture(profile, artefacts, "flame.svg", sampled.runs, caption)
    folded = artefacts.write("raw/stacks.folded", write_folded(mean_stacks(sampled.runs)))
    yield (
        f"Stacks sampled by {sampled.tool}, with child processes. The samples are scaled to "
        f"{milliseconds(total_ms)}, the CPU time without a profiler. The import system's own "
        f"frames are left out between modules. The same as {link('folded stacks', folded)} "
        "(microseconds), which [speedscope](https://www.speedscope.app) opens."
    )
    yield heading(2, "Functions by self time")
    yield by_self_time("function or module", costs(sampled.runs), _SIDE, total_ms)
    yield heading(2, "Packages")
    yield by_self_time("package", group_costs(sampled.runs), _SIDE, total_ms)


def _native(profile: Profile, native: Sampled, artefacts: Artefacts) -> Iterator[str]:
    """The same with C frames, from few samples."""
    caption = Caption(
        f"{profiled_words(profile)}: with the frames of C code",
        f"{revision_words(profile, _SIDE)}. Width is CPU time. {_basis(native)}.",
    )
    yield heading(2, "With C code")
    yield _picture(profile, artefacts, "native.svg", native.runs, caption)
    yield "Functions of libraries without symbols have no names."


def _basis(sampled: Sampled) -> str:
    return f"{counted(sampled.samples, 'sample')} in {counted(len(sampled.runs), 'run')}"


def _imports(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    assert profile.taken.imports is not None
    runs = profile.taken.imports.found[_SIDE]
    stacks = [one.stacks for one in runs]
    total = build_tree(stacks).mean(_SIDE)
    found = costs(stacks)
    caption = Caption(
        f"{profiled_words(profile)}: imports, {milliseconds(total)}",
        f"{revision_words(profile, _SIDE)}. Width is time by -X importtime, mean of {len(runs)} "
        f"runs; {counted(len(found), 'module')}. What a module imports is below it.",
    )
    raw = artefacts.write("raw/importtime.txt", runs[-1].text)
    yield heading(2, "Imports")
    yield _picture(profile, artefacts, "imports.svg", stacks, caption)
    yield (
        "A module is below the one that imported it first; it costs later importers nothing, so "
        f"removing one import may only move the cost. {link('The last run', raw)}."
    )
    yield by_self_time("module", found, _SIDE, total)
