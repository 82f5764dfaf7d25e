"""The page of a pair's profile: what went away, what came, and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.captions import pair_words, process_words, revision_words
from bench.explain.profile.difference import CONFIDENCE, moved
from bench.explain.profile.flame import Caption, Totals, milliseconds, one_side, shift
from bench.explain.profile.folded import write_folded
from bench.explain.profile.session import Profile
from bench.explain.profile.speedscope import mean_stacks, speedscope
from bench.explain.profile.tables import changed_functions, changed_own, changed_packages
from bench.explain.profile.tree import build_tree, costs, group_costs
from bench.explain.profile.words import module_lists, ratio_words, what_went
from bench.explain.profile.work_sections import work_sections
from bench.formats.markdown import bullets, code, collapsed, heading, image, plain
from bench.formats.text import counted, joined, seconds

_PACKAGES = 12


def pair_blocks(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    """Everything there is of the pair, the picture of what changed first."""
    yield heading(1, f"{code(process_words(profile))}: what changed")
    yield f"{pair_words(profile)}."
    changes = profile.environments.dependency_changes
    if changes:
        names = ", ".join(code(one.package) for one in changes)
        yield f"Third-party packages that differ between the two, and have a part in this: {names}."
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
    title = (
        f"{process_words(profile)}: {seconds(base.total_s)} → {seconds(head.total_s)}"
        f"{ratio_words(totals)}"
    )
    basis = f"{len(base.runs)} pairs of runs, {base.samples} and {head.samples} samples by py-spy"
    above = Caption(
        title,
        f"{pair_words(profile)}. Width is CPU time, on one scale for both; callees are below "
        f"their caller. {basis}.",
    )
    gone = what_went(root, totals, same)
    yield image(
        "What changed", artefacts.write("shift.svg", shift(root, above, totals, same, gone))
    )
    yield (
        "Above the base, below the head, on one scale of time. A frame has a colour where the "
        f"change is certain ({CONFIDENCE:.0%} interval of the pairs of runs leaves out zero); what "
        "both have stands to the left. *Now elsewhere*: not at this place on the other side, but "
        "at another."
    )
    for side, name in ((Side.BASE, "before"), (Side.HEAD, "after")):
        which = "what becomes of each frame" if side is Side.BASE else "what became of it"
        caption = Caption(
            f"{process_words(profile)} {name}: {milliseconds(totals.side(side))}",
            f"{revision_words(profile, side)}. Colours: {which}. {basis}.",
        )
        picture = one_side(root, side, caption, same)
        yield collapsed(
            f"{name.capitalize()}, over the whole width",
            image(name, artefacts.write(f"{name}.svg", picture)),
        )
    yield heading(2, "What went away" if totals.base > totals.head else "What came")
    yield bullets(plain(line) for line in gone)
    yield heading(2, "Packages whose own time changed")
    yield (
        "Milliseconds are means over the runs; intervals are for head minus base of runs in pairs, "
        "each row by itself. One that has zero in it shows no difference."
    )
    yield changed_packages(group_costs(base.runs, head.runs))
    yield heading(2, "Functions and modules that lost most")
    yield changed_functions(found, gained=False) or "None for certain."
    yield heading(2, "Functions and modules that gained most")
    yield changed_functions(found, gained=True) or "None for certain."
    yield heading(2, "Functions and modules whose own time changed most")
    yield changed_own(found) or "None for certain."
    yield _raw(profile, artefacts)


def _raw(profile: Profile, artefacts: Artefacts) -> str:
    links = []
    for side in Side:
        mean = mean_stacks(profile.taken.sampled[side].runs)
        folded = artefacts.write(f"raw/{side}.folded", write_folded(mean))
        name = f"{process_words(profile)}, {revision_words(profile, side)}"
        scope = artefacts.write(f"raw/{side}.speedscope.json", speedscope(mean, name))
        links += [code(folded), code(scope)]
    return f"Raw, beside this page where it was made (not in git): {', '.join(links)}."


def _imports(profile: Profile, artefacts: Artefacts) -> Iterator[str]:
    imports = profile.taken.imports
    assert imports is not None
    base, head = ([one.stacks for one in imports.found[side]] for side in Side)
    root, found = build_tree(base, head), costs(base, head)
    totals = Totals(root.mean(Side.BASE), root.mean(Side.HEAD))
    lists = module_lists(imports.last(Side.BASE), imports.last(Side.HEAD))
    title = (
        f"{process_words(profile)}: imports {milliseconds(totals.base)} → "
        f"{milliseconds(totals.head)}{ratio_words(totals)}"
    )
    caption = Caption(
        title,
        f"{pair_words(profile)}. Width is time by -X importtime, mean of {len(base)} runs a side; "
        "what a module imports first is below it.",
    )
    same = moved(found)
    picture = shift(root, caption, totals, same, what_went(root, totals, same))
    yield heading(2, "Imports")
    yield image("Imports that changed", artefacts.write("imports-shift.svg", picture))
    for side in Side:
        artefacts.write(f"raw/{side}.importtime.txt", imports.last(side).text)
    yield from _modules(lists)


def _modules(lists: tuple[Sequence[str], Sequence[str]]) -> Iterator[str]:
    for names, words in zip(lists, ("vanished", "appeared"), strict=True):
        if names:
            listed = ", ".join(code(name) for name in names)
            yield f"{counted(len(names), 'module')} {words}: {_by_package(names)}."
            yield collapsed(f"All that {words}", listed)
        else:
            yield f"No module {words}."


def _by_package(names: Sequence[str]) -> str:
    """`rich` (72), `pydantic` (41), …; what is alone is not worth a word."""
    packages = Counter(name.partition(".")[0] for name in names)
    several = [(name, number) for name, number in packages.most_common(_PACKAGES) if number > 1]
    words = [f"{code(name)} {number}" for name, number in several]
    rest = len(names) - sum(number for _, number in several)
    return joined([*words, *([f"{rest} others"] if rest else [])])
