"""The page of a pair's profile: what was removed, what was added, and how certain that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import load_words, pair_words, profiled_words, revision_words
from bench.explain.profile.difference import CONFIDENCE, moved
from bench.explain.profile.flame import Caption, Totals, milliseconds, one_side, shift
from bench.explain.profile.folded import mean_stacks, write_folded
from bench.explain.profile.session import Profile
from bench.explain.profile.tables import changes_table, cumulative_changes, self_changes
from bench.explain.profile.tree import build_tree, costs, group_costs
from bench.explain.profile.words import alternative, headline, module_lists, ratio_words
from bench.explain.profile.work_sections import work_sections
from bench.formats.markdown import bullets, code, collapsed, heading, image, plain
from bench.formats.text import counted, joined, seconds

_PACKAGES = 12


def pair_blocks(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    """Everything there is of the pair, the picture of what changed first."""
    yield heading(1, f"{code(profiled_words(profile))}: what changed")
    yield f"{pair_words(profile)}. {load_words(profile.load)}"
    changes = profile.environments.dependency_changes
    if changes:
        names = ", ".join(code(one.package) for one in changes)
        yield f"Third-party packages differ between the two and affect the result: {names}."
    if profile.taken.sampled:
        yield from _sampled(profile, artefacts)
    if profile.taken.imports:
        yield from _imports(profile, artefacts)
    yield from work_sections(profile, artefacts)


def _sampled(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    base, head = (profile.taken.sampled[side] for side in Side)
    totals = Totals(base.total_s * 1000, head.total_s * 1000)
    root, found = build_tree(base.runs, head.runs), costs(base.runs, head.runs)
    same = moved(found)
    words = profiled_words(profile)
    basis = f"{len(base.runs)} pairs of runs, {base.samples} and {head.samples} samples"
    basis += f" by {base.tool}"
    caption = Caption(
        f"{words}: {seconds(base.total_s)} → {seconds(head.total_s)}{ratio_words(totals)}",
        f"{pair_words(profile)}. Width is CPU time, on one scale for both; callees are below "
        f"their caller. {basis}.",
    )
    told = headline(root, totals, same)
    picture = artefacts.write("shift.svg", shift(root, caption, totals, same, told))
    yield image(alternative(caption, told), picture)
    yield (
        "Base is above head, on one scale. A frame is coloured where its change is certain (the "
        f"{CONFIDENCE:.0%} interval over pairs of runs excludes zero): blue for less time, orange "
        "and hatched for more. What both sides have stands to the left. *Now elsewhere*: called "
        "from another place."
    )
    side = Side.HEAD if totals.head < totals.base else Side.BASE
    name = f"{words}, {side} over the whole width: {milliseconds(totals.side(side))}"
    above = Caption(name, f"{revision_words(profile, side)}. {basis}.")
    file = artefacts.write(f"{side}.svg", one_side(root, side, above, same))
    yield collapsed(f"{side.capitalize()} over the whole width", image(name, file))
    yield heading(2, told.difference)
    yield bullets(plain(line) for line in told.lines)
    yield heading(2, "Self time by package")
    yield (
        "Milliseconds are means over the runs. Intervals are for head minus base over pairs of "
        "runs, for each row by itself; one that includes zero shows no difference."
    )
    yield changes_table("package", self_changes(group_costs(base.runs, head.runs)))
    cumulative = cumulative_changes(found)
    yield heading(2, "Cumulative time: functions and modules that take less")
    yield changes_table(
        "function or module", cumulative, lambda one: one.is_certain and one.difference < 0
    )
    yield heading(2, "Cumulative time: functions and modules that take more")
    yield changes_table(
        "function or module", cumulative, lambda one: one.is_certain and one.difference > 0
    )
    yield heading(2, "Self time: functions and modules that changed most")
    yield changes_table("function or module", self_changes(found), lambda one: one.is_certain)
    yield _raw(profile, artefacts)


def _raw(profile: Profile, artefacts: Artefacts) -> str:
    names = [
        code(artefacts.write(f"raw/{side}.folded", write_folded(mean_stacks(sampled.runs))))
        for side, sampled in profile.taken.sampled.items()
    ]
    return (
        f"Folded stacks (microseconds), beside this page where it was made: {joined(names)}; "
        "[speedscope](https://www.speedscope.app) opens them."
    )


def _imports(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    imports = profile.taken.imports
    assert imports is not None
    base, head = ([one.stacks for one in imports.found[side]] for side in Side)
    root, found = build_tree(base, head), costs(base, head)
    totals = Totals(root.mean(Side.BASE), root.mean(Side.HEAD))
    lists = module_lists(imports.last(Side.BASE), imports.last(Side.HEAD))
    caption = Caption(
        f"{profiled_words(profile)}: imports {milliseconds(totals.base)} → "
        f"{milliseconds(totals.head)}{ratio_words(totals)}",
        f"{pair_words(profile)}. Width is time by -X importtime, mean of {len(base)} runs a side; "
        "what a module imports first is below it.",
    )
    same = moved(found)
    told = headline(root, totals, same)
    picture = artefacts.write("imports-shift.svg", shift(root, caption, totals, same, told))
    yield heading(2, "Imports")
    yield image(alternative(caption, told), picture)
    for side in Side:
        artefacts.write(f"raw/{side}.importtime.txt", imports.last(side).text)
    yield from _modules(lists)


def _modules(lists: tuple[Sequence[str], Sequence[str]]) -> Iterator[str]:
    for names, words in zip(lists, ("no longer imported", "added"), strict=True):
        if names:
            listed = ", ".join(code(name) for name in names)
            yield f"{counted(len(names), 'module')} {words}: {_by_package(names)}."
            yield collapsed(f"All modules {words}", listed)
        else:
            yield f"No module {words}."


def _by_package(names: Sequence[str]) -> str:
    """`rich` 72, `pydantic` 41 and 12 others; packages with one module are others."""
    packages = Counter(name.partition(".")[0] for name in names)
    several = [(name, number) for name, number in packages.most_common(_PACKAGES) if number > 1]
    words = [f"{code(name)} {number}" for name, number in several]
    rest = len(names) - sum(number for _, number in several)
    return joined([*words, *([f"{rest} others"] if rest else [])])
