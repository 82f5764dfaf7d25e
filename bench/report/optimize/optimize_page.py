"""The page of an optimisation: what was gained, the branch, each step, and what remains."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.core.errors import ExitStatus
from bench.core.program import COMMAND
from bench.explain.optimize.record import ImportsRecord, Optimization, Progress
from bench.explain.optimize.stored import OPTIMIZATIONS
from bench.formats.markdown import (
    bullets,
    code,
    collapsed,
    fenced,
    heading,
    image,
    link,
    plain,
    prose,
)
from bench.formats.text import before_after, counted, day, magnitude, seconds
from bench.report.journal_pages import JournalPages, ShownRecords
from bench.report.optimize.gain_picture import draw_steps
from bench.report.optimize.gains import StepCourse, best, courses_of, predictions_of, presented
from bench.report.optimize.lazy_section import lazy_section
from bench.report.optimize.pull_request import file_of, pull_request
from bench.report.optimize.shift_picture import draw_shift
from bench.report.optimize.steps_sections import (
    baseline_section,
    dropped_section,
    left_section,
    moved_section,
    predicted_table,
    steps_table,
    sums_table,
)
from bench.report.optimize.whole_sections import (
    conditions,
    first_words,
    gains_picture,
    measured,
    sizes,
    title,
    whole_table,
    write_picture,
)
from bench.report.output import Output, Page
from bench.report.summaries import PairSummary

STEPS, SHIFT = "steps.svg", "shift.svg"


def optimize_page(optimization: Optimization) -> str:
    """The page, from `results/` on; other forms, and branches that were named, have their own."""
    asked = optimization.asked
    name = asked.revision.label
    if not asked.is_usual_form:
        name += f"-{asked.form}"
    if not asked.is_usual_branch:
        name += f"-{asked.branch.removeprefix('perf/').replace('/', '-')}"
    return f"{OPTIMIZATIONS.folder}/{asked.target}/{name}.md"


def text_of_branch(optimization: Optimization, branch_name: str) -> str:
    """The pull-request text of a branch, from `results/` on; "" where there is none."""
    folder = optimize_page(optimization).removesuffix(".md")
    names = (file_of(one) for one in optimization.branches if one.name == branch_name)
    return next((f"{folder}/{name}" for name in names), "")


def pairs_of_steps(one: Optimization) -> set[tuple[str, str]]:
    """(target, label) of the pairs that measure its single steps."""
    alone = (ref for branch in one.branches if branch.separate for ref in branch.runs)
    references = [*(ref for step in one.steps for ref in step.runs), *alone]
    return {(one.asked.target, ref.pair) for ref in references}


def pairs_of_branches(one: Optimization) -> set[tuple[str, str]]:
    """(target, label) of the pair of the whole branch, which is no part of a project's history."""
    return {(one.asked.target, ref.pair) for ref in (one.whole.runs if one.whole else ())}


def _rank(one: Optimization) -> tuple[bool, str]:
    """What has come to something goes before what was only begun; then the newer one."""
    return bool(one.kept) or one.progress is Progress.NOTHING, one.asked.started_at


def _index_row(page: str, optimization: Optimization) -> list[str]:
    asked = optimization.asked
    courses = courses_of(optimization)
    faster = [one for one in courses if one.is_faster]
    return [
        plain(asked.target),
        link(asked.revision.label, page),
        sizes(faster) or "–",
        f"{len({one.scenario for one in faster})} of {len(asked.scenarios)}",
        str(len(optimization.kept)),
        ", ".join(asked.pythons),
        day(asked.started_at),
        str(optimization.progress),
    ]


def write_optimize_pages(
    output: Output, pairs: Sequence[PairSummary] = ()
) -> ShownRecords[Optimization]:
    """Write the page of the newest optimisation of each revision and form, and its texts.

    `pairs` have pages of their own, to which these lead. What can't be read is among the output's
    problems.
    """
    summaries = {(one.target, one.pair.label): one for one in pairs}

    def blocks(optimization: Optimization, file: Path, page: Page) -> Iterator[str]:
        return _blocks(presented(optimization), file, page, summaries)

    return OPTIMIZE_PAGES.write(output, blocks)


OPTIMIZE_PAGES = JournalPages(
    store=OPTIMIZATIONS,
    page_of=optimize_page,
    parts_of=pairs_of_steps,
    row_of=_index_row,
    rank=_rank,
)


def _blocks(
    optimization: Optimization, file: Path, page: Page, pairs: Mapping[tuple[str, str], PairSummary]
) -> Iterator[str]:
    courses = courses_of(optimization)
    texts = _texts(optimization, page)
    yield heading(1, title(optimization))
    yield first_words(optimization, courses)
    yield conditions(optimization)
    yield measured(optimization, page, pairs)
    if courses:
        yield whole_table(optimization, courses)
        yield from gains_picture(optimization, courses, page)
    yield from lazy_section(optimization)
    if optimization.kept:
        yield from _branch(optimization, texts)
        yield heading(2, "Steps")
        yield from steps_table(optimization)
        yield from _steps_picture(optimization, courses, page)
        yield from sums_table(courses)
        yield from predicted_table(optimization)
        yield from _shift(optimization, courses, page)
    yield from moved_section(optimization)
    yield from dropped_section(optimization)
    yield from left_section(optimization)
    yield from _guard(optimization)
    yield from baseline_section(optimization)
    yield heading(2, "Repeat it")
    yield fenced(repeat_of(optimization), "sh")
    yield from _raw(optimization, file, page, pairs)


def _branch(optimization: Optimization, texts: dict[str, str]) -> Iterator[str]:
    """How to look at it, and the texts for pull requests."""
    asked = optimization.asked
    yield heading(2, "The branch")
    yield (
        "It is in the clone and on top of the revision; nothing that was checked out there was "
        "touched. Look at it, test it, take one commit or all:"
    )
    base, first = asked.revision.identity[:10], optimization.kept[0]
    yield fenced(
        _commented(
            (f"git log --stat {base}..{asked.branch}", "its commits, each with its figures"),
            (f"git cherry-pick {base}..{asked.branch}", "all of them, on top of another branch"),
            (f"git cherry-pick {first.commit[:10]}", "one of them: the first step"),
        ),
        "sh",
    )
    if texts:
        yield (
            "Texts for pull requests: "
            + ", ".join(link(code(name), target) for name, target in texts.items())
            + "."
        )
    missing = [one for one in optimization.branches if one.reason]
    yield bullets(f"No branch {code(one.name)}: {prose(one.reason)}." for one in missing)


def _texts(optimization: Optimization, page: Page) -> dict[str, str]:
    """Write the pull-request texts beside the page; by branch, where they are."""
    found = {}
    for branch in optimization.branches:
        if branch.reason or not branch.commit:
            continue
        target = f"{page.file.stem}/{file_of(branch)}"
        text = page.output.page(f"{page.file.parent.relative_to(page.output.root)}/{target}")
        text.write(pull_request(optimization, branch))
        found[branch.name] = target
    return found


def _steps_picture(
    optimization: Optimization, courses: Sequence[StepCourse], page: Page
) -> Iterator[str]:
    chosen = best(courses)
    if chosen is None or not chosen.steps:
        return
    words = optimization.asked.words.get(chosen.scenario, chosen.scenario)
    predicted = {
        one.step.number: one.predicted_s
        for one in predictions_of(optimization)
        if (one.scenario, one.python) == (chosen.scenario, chosen.python)
    }
    title = f"{words}: {before_after(chosen.base_s, chosen.after_s)}, step by step"
    caption = f"{optimization.asked.target}, Python {chosen.python}, medians of whole processes."
    if predicted:
        caption += " The thin lines are where the predictions lay."
    name = write_picture(page, STEPS, draw_steps(title, caption, chosen, predicted))
    told = ", ".join(f"{one.step.title} {magnitude(one.ratio)}" for one in chosen.steps[:6])
    yield image(f"{title}: {told}", name)


def _shift(optimization: Optimization, courses: Sequence[StepCourse], page: Page) -> Iterator[str]:
    """The flame graph of what is no longer imported."""
    recorded = recorded_shift(optimization, courses)
    if recorded is None:
        return
    asked, (before, after) = optimization.asked, recorded
    words = asked.words.get(before.scenario, before.scenario)
    drawn, told = draw_shift(asked.target, words, asked.own, before, after)
    yield heading(2, "What is no longer imported")
    yield image(told, write_picture(page, SHIFT, drawn))
    yield (
        f"{shift_words(optimization, before, after)} Base is above, on one scale; dark blue is no "
        "longer imported."
    )


def recorded_shift(
    optimization: Optimization, courses: Sequence[StepCourse]
) -> tuple[ImportsRecord, ImportsRecord] | None:
    """What is imported before and after, where most is saved of what was recorded twice."""
    for course in sorted(courses, key=lambda one: -one.saved_s):
        recorded = optimization.imports(course.scenario, course.python)
        if len(recorded) > 1:
            return recorded[0], recorded[-1]
    return None


def shift_words(optimization: Optimization, before: ImportsRecord, after: ImportsRecord) -> str:
    """How many modules were imported, and are."""
    gone = len(before.modules.keys() - after.modules.keys())
    added = len(after.modules.keys() - before.modules.keys())
    words = optimization.asked.words.get(before.scenario, before.scenario)
    return (
        f"{code(words)} on Python {before.python}: {len(before.modules)} → "
        f"{counted(len(after.modules), 'module')} beyond the interpreter's own "
        f"({gone} no longer imported, {added} added)."
    )


def _guard(optimization: Optimization) -> Iterator[str]:
    asked, guard = optimization.asked, optimization.guard
    if not optimization.kept:
        return
    yield heading(2, "Guard")
    if guard is not None and guard.commit:
        many = counted(len({name for one in guard.modules.values() for name in one}), "module")
        yield (
            f"The last commit of the branch ({code(guard.commit[:10])}) adds {code(guard.file)}, "
            f"which fails when one of {many} is imported at start again."
        )
    elif guard is not None and guard.reason:
        yield f"No guard test is on the branch: {prose(guard.reason)}."
    command = f"{COMMAND} guard {asked.target}"
    back = f"in CI: status {ExitStatus.IMPORTED_AGAIN:d} if a module is back"
    yield fenced(
        _commented(
            (f"{command} {shlex.quote(asked.branch)}", "write the test"),
            (f"{command} REVISION --check", back),
        ),
        "sh",
    )


def _commented(*lines: tuple[str, str]) -> str:
    """Commands with what they are for, one below the other."""
    width = max(len(command) for command, _ in lines)
    return "\n".join(f"{command:<{width}}  # {words}" for command, words in lines)


def repeat_of(optimization: Optimization) -> str:
    """The command that asks the same."""
    asked = optimization.asked
    if asked.repeat:
        return asked.repeat
    words = ["python", "-m", "bench", "optimize", asked.target, asked.revision.name]
    for name in asked.scenarios:
        words += ["--scenario", name]
    return shlex.join(words)


def _raw(
    optimization: Optimization, file: Path, page: Page, pairs: Mapping[tuple[str, str], PairSummary]
) -> Iterator[str]:
    """Every run, and the record itself."""
    runs: list[tuple[str, str, str]] = []
    for one in optimization.kept:
        runs += [(f"step {one.number}", ref.pair, ref.python) for ref in one.runs]
    if optimization.whole:
        runs += [("whole", ref.pair, ref.python) for ref in optimization.whole.runs]
    took_s = sum(one.took_s for one in optimization.steps)
    yield (
        f"Made {optimization.asked.started_at[:16].replace('T', ' ')} UTC"
        + (f"; steps took {seconds(took_s)}" if took_s else "")
        + f" ({link('raw data', page.link_to(file))})."
    )
    if runs:
        yield collapsed(
            f"{counted(len(runs), 'run')}: ordinary pairs, under `data/`",
            bullets(
                f"{what}: {_pair_link(pairs.get((optimization.asked.target, pair)), pair, page)} "
                f"on {python}"
                for what, pair, python in runs
            ),
        )


def _pair_link(found: PairSummary | None, label: str, page: Page) -> str:
    """A pair's label, which leads to its page where that was written."""
    if found is None:
        return code(label)
    return link(code(label), page.link_to(page.output.root / found.folder / "README.md"))


def where_it_is(optimization: Optimization, results: Path) -> str:
    """For a screen: where the page and the texts of pull requests are."""
    lines = [f"Page: {results / optimize_page(optimization)}"]
    lines += [
        f"Pull request for {one.name}: {results / text_of_branch(optimization, one.name)}"
        for one in optimization.branches
        if one.commit and not one.reason
    ]
    return "\n".join(lines)
