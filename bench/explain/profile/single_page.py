"""The page of one revision's profile."""

from __future__ import annotations

from collections.abc import Iterator

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import process_words, revision_words
from bench.explain.profile.flame import Caption, by_package, milliseconds
from bench.explain.profile.folded import write_folded
from bench.explain.profile.sampling import Sampled
from bench.explain.profile.session import Profile
from bench.explain.profile.speedscope import mean_stacks, speedscope
from bench.explain.profile.tables import packages, top_functions
from bench.explain.profile.tree import build_tree, costs, group_costs
from bench.explain.profile.work_sections import work_sections
from bench.formats.markdown import code, heading, image, link
from bench.formats.text import counted, seconds

_SIDE = Side.BASE


def single_blocks(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    """Everything there is of the revision, the pictures first."""
    yield heading(1, f"{code(process_words(profile))}: where the time goes")
    yield f"{revision_words(profile, _SIDE)}."
    if profile.taken.sampled:
        yield from _sampled(profile, artefacts)
    if profile.taken.native:
        yield from _native(profile, profile.taken.native, artefacts)
    if profile.taken.imports:
        yield from _imports(profile, artefacts)
    yield from work_sections(profile, artefacts)


def _sampled(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    sampled = profile.taken.sampled[_SIDE]
    total_ms = sampled.total_s * 1000
    caption = Caption(
        f"{process_words(profile)}: {seconds(sampled.total_s)}",
        f"{revision_words(profile, _SIDE)}. Width is CPU time; a frame's callees are below it. "
        f"{counted(sampled.samples, 'sample')} in {counted(len(sampled.runs), 'run')}.",
    )
    root = build_tree(sampled.runs)
    name = artefacts.write("flame.svg", by_package(root, _SIDE, caption, profile.target.name))
    yield image("Flame graph", name)
    mean = mean_stacks(sampled.runs)
    folded = artefacts.write("raw/stacks.folded", write_folded(mean))
    scope = artefacts.write("raw/speedscope.json", speedscope(mean, caption.title))
    yield (
        f"Stacks sampled by py-spy, child processes included. Shares of the samples are made "
        f"shares of {milliseconds(total_ms)}, the CPU time without a profiler. The import "
        f"system's own frames are left out between modules. The same as "
        f"{link('folded stacks', folded)} (microseconds), and for "
        f"[speedscope](https://www.speedscope.app): {link('speedscope.json', scope)}."
    )
    yield heading(2, "Functions by their own time")
    yield top_functions(costs(sampled.runs), _SIDE, total_ms)
    yield heading(2, "Packages")
    yield packages(group_costs(sampled.runs), _SIDE, total_ms)


def _native(profile: Profile, native: Sampled, artefacts: Artefacts) -> Iterator[str]:
    """The same with C frames; few samples, for what stands out."""
    caption = Caption(
        f"{process_words(profile)}: with the frames of C code",
        f"{revision_words(profile, _SIDE)}. Width is CPU time. {counted(native.samples, 'sample')} "
        f"in {counted(len(native.runs), 'run')}.",
    )
    root = build_tree(native.runs)
    name = artefacts.write("native.svg", by_package(root, _SIDE, caption, profile.target.name))
    yield heading(2, "With C code")
    yield image("With the frames of C code", name)
    yield "Where a library has no symbols, its functions have no names."


def _imports(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    assert profile.taken.imports is not None
    runs = profile.taken.imports.found[_SIDE]
    stacks = [one.stacks for one in runs]
    root = build_tree(stacks)
    total = root.mean(_SIDE)
    found = costs(stacks)
    caption = Caption(
        f"{process_words(profile)}: imports, {milliseconds(total)}",
        f"{revision_words(profile, _SIDE)}. Width is time by -X importtime, mean of {len(runs)} "
        f"runs; {counted(len(found), 'module')}. What a module imports is below it.",
    )
    name = artefacts.write("imports.svg", by_package(root, _SIDE, caption, profile.target.name))
    raw = artefacts.write("raw/importtime.txt", runs[-1].text)
    yield heading(2, "Imports")
    yield image("Imports", name)
    yield (
        "A module is below the one that imported it first; others that import it too get it for "
        f"nothing, so taking away one import may only move the cost. {link('The last run', raw)}."
    )
    yield top_functions(found, _SIDE, total)
