"""The explorer in a real browser, from file://: it opens, filters, and shows what is in data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from support.browser import ROOT, chromium
from support.exploring import SUBJECT, Explorer, Opened, everything, just_begun

from bench.core.errors import BenchError
from bench.core.result import CONTROL
from bench.engine.store.place import pairs_of_runs
from bench.explain.bisect.record import BisectionTold
from bench.explain.bisect.stored import BISECTIONS
from bench.explain.claims.record import ClaimsTest
from bench.explain.claims.stored import CLAIMS
from bench.explain.optimize.record import Optimization
from bench.explain.optimize.stored import OPTIMIZATIONS
from bench.formats.text import change, change_of, figures, seconds, verdict_words
from bench.report.bisect.decisions import decisions_of, found_words
from bench.report.claims.shown import claimed, shown_claims
from bench.report.explorer.bundle import built_folder, npm_program
from bench.report.explorer.write import write_site
from bench.report.optimize.gains import courses_of, predictions_of, presented
from bench.report.select_runs import Evaluated, read_pair

MOST_BYTES = 300_000
__all__ = ["chromium"]


@pytest.fixture(scope="session")
def built() -> Path:
    """The cache that holds the built files; the first time they are made, which takes a network."""
    cache = ROOT / ".bench"
    try:
        npm_program()
        built_folder(cache)
    except BenchError as error:
        pytest.skip(f"the explorer cannot be built here: {error.message.splitlines()[0]}")
    return cache


@pytest.fixture(scope="session")
def explorer(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Explorer:
    """Everything, written once."""
    workspace = replace(everything(tmp_path_factory.mktemp("explorer")), cache=built)
    return Explorer(workspace, write_site(workspace))


@pytest.fixture
def tab(chromium: Any, explorer: Explorer, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """A tab of 1280 px on a light page, or as a test's parameter (width, scheme) says."""
    width, scheme = getattr(request, "param", (1280, "light"))
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    opened = Opened(page, explorer.site.index)
    page.on("console", lambda one: opened.said.append(one.text))
    page.on("pageerror", lambda one: opened.said.append(str(one)))
    page.on("request", lambda one: opened.read.add(one.url))
    yield opened
    context.close()
    assert opened.said == []
    places = ("file:", "blob:", "data:", "about:")
    assert [one for one in opened.read if not one.startswith(places)] == []  # no network


@pytest.fixture(scope="session")
def axe(built: Path) -> str:
    """The text of axe-core, which the lock file pins beside what the page is made of."""
    return (built_folder(built) / "axe.min.js").read_text(encoding="utf-8")


def pair_of(explorer: Explorer, target: str, label: str) -> Any:
    folder = explorer.workspace.data / target / label
    pair, _ = read_pair(pairs_of_runs(explorer.workspace.data)[folder], explorer.workspace.data)
    return pair


def open_pair(tab: Opened, words: str, number: int = 0) -> None:
    tab.page.locator("a.pair", has_text=words).nth(number).click()
    tab.page.wait_for_selector("main h2")


def read_bytes(tab: Opened) -> int:
    files = [Path(unquote(urlparse(one).path)) for one in tab.read if one.startswith("file:")]
    return sum(one.stat().st_size for one in files)


def test_it_opens_with_all_pairs_and_little_to_read(tab: Opened) -> None:
    tab.go()
    assert set(tab.texts("a.pair")) == {
        "sample 1.0 → 2.0", "other 1.0 → 3.0", "calm 1.0 → 1.1", "calm 1.0 → 1.2",
    }  # fmt: skip
    assert tab.page.locator("li.row").count() == 5  # one pair on two machines
    assert 0 < read_bytes(tab) <= MOST_BYTES
    assert "<script>alert(1)</script>" in tab.texts(".subject")[0] + "".join(tab.texts(".subject"))


def test_filters_search_and_sorting(tab: Opened) -> None:
    tab.go()
    tab.page.get_by_label("Target").select_option("calm")
    assert tab.texts("a.pair") == ["calm 1.0 → 1.1", "calm 1.0 → 1.2"]
    tab.page.get_by_label("changed only").check()
    assert tab.texts("a.pair") == ["calm 1.0 → 1.2"]
    assert "1 broken" in tab.texts("#count")[0]
    tab.page.get_by_label("Target").select_option("")
    tab.page.get_by_label("changed only").uncheck()
    tab.page.get_by_label("hide loaded or dirty").check()
    assert "other 1.0 → 3.0" not in tab.texts("a.pair")
    tab.page.get_by_label("Python").select_option("3.12")
    tab.page.get_by_label("changed only").check()
    assert tab.texts("a.pair") == ["sample 1.0 → 2.0"]
    tab.page.reload()  # the address keeps the filters
    tab.page.wait_for_selector("a.pair")
    assert tab.texts("a.pair") == ["sample 1.0 → 2.0"]
    tab.go()
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("alert worse")
    assert set(tab.texts("a.pair")) == {"sample 1.0 → 2.0"}
    tab.page.get_by_label("Search").fill("nothing like it")
    assert tab.texts("#pairs") == ["No pair fits these filters."]
    tab.page.get_by_label("Search").fill("")
    tab.page.get_by_label("Sort").select_option("slower")
    assert tab.texts("a.pair")[0] == "sample 1.0 → 2.0"


def test_a_pair_shows_the_values_that_are_in_data(tab: Opened, explorer: Explorer) -> None:
    tab.go()
    open_pair(tab, "sample 1.0 → 2.0")
    pair = pair_of(explorer, "sample", "1.0..2.0")
    expected = {
        (result.name, one.python): (figures(result), change_of(result), verdict_words(result))
        for one in pair.machines[0].shown
        for result in one.shown_results
    }
    rows = tab.page.locator("section").first.locator("table").first.locator("tbody tr")
    shown = {}
    for row in rows.all():
        cells = [one.strip() for one in row.locator("th, td").all_inner_texts()]
        shown[cells[0].removesuffix(" (control)"), cells[1]] = tuple(cells[2:5])
    assert shown == expected


def test_the_numbers_behind_it_are_those_of_the_evaluation(tab: Opened, explorer: Explorer) -> None:
    tab.go()
    open_pair(tab, "calm 1.0 → 1.1")
    documents = tab.page.evaluate("self.documents")
    (whole,) = (one for key, one in documents.items() if key.startswith("data/pair"))
    (run,) = whole["machines"][0]["runs"]
    read: Evaluated = pair_of(explorer, "calm", "1.0..1.1").shown[0]
    for result in read.evaluation.results:
        told = next(one for one in run["result"]["benchmarks"] if one["name"] == result.name)
        assert told["head_s"] == result.head_s
        assert result.size is not None
        assert told["size"]["interval"]["ratio"] == result.size.interval.ratio
        rounds = next(one for one in run["rounds"] if one["name"] == result.name)
        assert len(rounds["log_ratios"]) == len(read.run.rounds(result.name))
    assert CONTROL in {one["name"] for one in run["rounds"]}


def test_a_pair_has_rounds_counters_flame_graph_and_command(tab: Opened) -> None:
    tab.go()
    open_pair(tab, "sample 1.0 → 2.0")
    tab.page.locator("figure.rounds").first.scroll_into_view_if_needed()
    tab.page.wait_for_selector("figure.rounds svg")
    label = tab.page.locator("figure.rounds svg").first.get_attribute("aria-label")
    assert "Ratio of each round of" in label
    tab.page.locator("summary", has_text="As a table").first.click()
    table = tab.page.locator("figure.rounds table").first
    table.wait_for()  # what is in a section is made when it is open
    assert table.locator("tbody tr").count() > 10
    tab.page.locator("summary", has_text="quick, Python 3.13").first.click()
    tab.page.locator("summary", has_text="40 modules no longer imported").click()
    tab.page.wait_for_selector("ul.tree code")
    assert "lib0" in tab.texts("ul.tree code")
    assert tab.page.locator(".flame").count() == 1
    assert tab.page.locator("pre", has_text="bench-sample").count() > 0
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="JSON of Python 3.13").first.click()
    (document,) = json.loads(Path(download.value.path()).read_text())
    assert document["target"] == "sample"


def test_histories_attributions_stack_and_trust(tab: Opened) -> None:
    tab.go()
    tab.page.get_by_role("link", name="Histories").click()
    tab.page.locator("main a", has_text="sample 1.0..1.5-tags").click()
    tab.page.wait_for_selector(".chart svg")
    assert any("1.25x faster" in one for one in tab.texts("tbody tr"))
    tab.page.get_by_role("link", name="Histories").first.click()
    tab.page.get_by_role("region", name="Attributions").get_by_role("link").click()
    tab.page.wait_for_selector("table")
    assert any("−10.0%" in one and "faster" in one for one in tab.texts("tbody tr"))
    tab.page.get_by_role("link", name="Stack").click()
    tab.page.wait_for_selector(".chart svg")
    assert "the whole command" in tab.texts("tbody th")
    tab.page.get_by_role("link", name="Is this real?").click()
    tab.page.wait_for_selector("table")
    assert any("other 1.0 → 3.0" in one and "60%" in one for one in tab.texts("tbody tr"))


def rows_of(tab: Opened, label: str) -> dict[str, list[str]]:
    """The cells of a table's rows, by its first."""
    region = tab.page.get_by_role("region", name=label, exact=True)
    region.wait_for()
    rows = region.locator("tbody tr")
    found = [one.locator("th, td").all_inner_texts() for one in rows.all()]
    return {cells[0].strip(): [one.strip() for one in cells[1:]] for cells in found}


def test_an_optimisation_shows_its_steps_as_predicted_and_measured(
    tab: Opened, explorer: Explorer
) -> None:
    tab.go()
    tab.page.get_by_role("link", name="Optimisations").click()
    assert not any("optimization-" in one for one in tab.read)  # not before it is opened
    tab.page.locator("main a", has_text="sample v1").click()
    (_, found) = next(OPTIMIZATIONS.read_all(explorer.workspace.data))
    assert isinstance(found, Optimization)
    shown = presented(found)
    courses = courses_of(shown)
    whole = rows_of(tab, "Before and after")
    assert len(whole) == len(courses)
    steps = rows_of(tab, "Steps of help on 3.13")
    (course,) = (one for one in courses if (one.scenario, one.python) == ("help", "3.13"))
    predicted = {
        one.step.number: one
        for one in predictions_of(shown)
        if (one.scenario, one.python) == ("help", "3.13")
    }
    for one in course.steps:
        assert one.gain is not None
        cells = steps[f"{one.step.number} {one.step.title}"]
        assert cells[2] == change(one.gain.interval)
        assert cells[3] == seconds(predicted[one.step.number].predicted_s)
        assert cells[4] == seconds(predicted[one.step.number].saved_s)
    assert course.whole is not None
    assert steps["after, as measured at once"][2] == change(course.whole.interval)
    assert tab.page.locator("svg.fall .guess").count() == len(predicted)
    assert any("standard output of version differs" in one for one in tab.texts("main li"))
    tab.page.locator("svg.fall").nth(1).focus()
    tip = tab.page.locator("#tip").inner_text()
    assert tip.startswith(f"1 {shown.kept[0].title}")
    assert "predicted to save 118 ms" in tip


def test_a_step_and_its_optimisation_lead_to_each_other(tab: Opened) -> None:
    tab.go()
    tab.page.get_by_label("parts of").check()
    open_pair(tab, "sample aaaaaaa → bbbbbbb")
    tab.page.get_by_role("link", name="optimisation", exact=True).click()
    tab.page.locator("summary", has_text="1 run").click()
    tab.page.get_by_role("link", name="aaaaaaaaaa..bbbbbbbbbb").click()
    tab.page.wait_for_selector("h1:has-text('sample aaaaaaa → bbbbbbb')")


def test_a_flame_graph_is_read_from_the_keyboard_and_in_the_colours_of_the_page(
    tab: Opened, explorer: Explorer
) -> None:
    tab.go(addresses(explorer)["optimization"])
    flame = tab.page.locator(".flame")
    flame.focus()
    said = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        tab.page.keyboard.press(key)
        said.append(tab.page.locator("p.frame").inner_text().partition(":")[0])
    assert said == ["sample", "sample.cli", "requests", "git"]
    title = flame.locator("text").first
    before = title.evaluate("(one) => getComputedStyle(one).fill")
    tab.page.locator("#theme").click()
    assert title.evaluate("(one) => getComputedStyle(one).fill") != before


def test_a_bisection_shows_how_probable_each_commit_was(tab: Opened, explorer: Explorer) -> None:
    tab.go("#/histories")
    tab.page.get_by_role("region", name="Bisections").get_by_role("link").click()
    (_, found) = next(BISECTIONS.read_all(explorer.workspace.data))
    assert isinstance(found, BisectionTold)
    tab.page.wait_for_selector("svg.known")
    assert tab.texts("p.headline") == [f"{found_words(found)}."]
    decisions = decisions_of(found)
    rows = rows_of(tab, "Decisions")
    told = [tuple(cells[1:5]) for cells in list(rows.values())[1:]]
    assert told == [
        (
            one.left_words.replace(", ", "\n"),
            str(one.record.purpose),
            one.answer,
            change(one.record.answer.interval),
        )
        for one in decisions
    ]
    # Columns are as high as their commits are probable.
    shares = found.known(2).shares
    bars = tab.page.locator("svg.known").nth(2).locator("rect.share").all()
    heights = [float(one.get_attribute("height") or 0) for one in bars]
    assert heights.index(max(heights)) == shares.index(max(shares))
    assert sum(height > 1 for height in heights) == sum(one > 0.05 for one in shares)


def test_claims_are_shown_beside_what_was_measured_and_chosen_by_verdict(
    tab: Opened, explorer: Explorer
) -> None:
    tab.go("#/claims")
    tab.page.locator("main td a, main th a").first.click()
    (_, found) = next(CLAIMS.read_all(explorer.workspace.data))
    assert isinstance(found, ClaimsTest)
    rows = rows_of(tab, "Claimed and measured")
    expected = {one.what: (claimed(one.claim), one.measured) for one in shown_claims(found)}
    assert {what: tuple(cells[1:3]) for what, cells in rows.items()} == expected
    assert [cells[3] for cells in rows.values()] == [
        "no effect", "less than claimed", "more than claimed", "holds",
    ]  # fmt: skip
    tab.page.get_by_label("Verdict").select_option("less")
    assert list(rows_of(tab, "Claimed and measured")) == ["sample 3"]
    tab.page.reload()  # the address keeps the choice
    assert list(rows_of(tab, "Claimed and measured")) == ["sample 3"]
    assert tab.texts("#count") == ["1 of 4 claims"]


def test_what_has_only_begun_has_a_view(chromium: Any, built: Path, tmp_path: Path) -> None:
    site = write_site(replace(just_begun(tmp_path), cache=built))
    assert site.problems == []
    page = chromium.new_page()
    tab = Opened(page, site.index)
    page.on("pageerror", lambda one: tab.said.append(str(one)))
    words = {
        "optimization": "No change was kept; 0 changes tried. Under way.",
        "bisection": "the range was not observed yet.",
        "attribution": "does not work on any commit",
        "claims-of": "no benchmark measures it",
    }
    for kind, said in words.items():
        (file,) = (site.index.parent / "data").glob(f"{KINDS[kind]}-*.js")
        tab.go(f"#/{kind}/{file.stem}")
        assert said in page.locator("main").inner_text()
    assert tab.said == []
    page.close()


def test_an_attribution_is_a_waterfall(tab: Opened, explorer: Explorer) -> None:
    tab.go(addresses(explorer)["attribution"])
    bars = tab.page.locator("svg.fall .bar").all()
    starts = [float((one.get_attribute("x") or "").rstrip("%")) for one in bars]
    widths = [float((one.get_attribute("width") or "").rstrip("%")) for one in bars]
    faster, nothing, slower, whole = range(4)
    assert widths[nothing] == 0
    # Each begins where the one before it ended, and the whole ends where the last does.
    assert starts[slower] == pytest.approx(starts[faster], abs=0.2)
    assert starts[whole] == pytest.approx(starts[slower] + widths[slower], abs=0.2)
    assert starts[whole] + widths[whole] == pytest.approx(starts[faster] + widths[faster], abs=0.2)


def test_a_keyboard_is_enough(tab: Opened) -> None:
    tab.go()
    tab.page.keyboard.press("Tab")
    assert tab.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    link = tab.page.locator("a.pair").first
    link.focus()
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("main h2")
    assert tab.page.evaluate("document.activeElement.id") == "main"  # where reading goes on


KINDS = {
    "history": "history", "attribution": "attribution", "pair": "pair", "bisection": "bisection",
    "optimization": "optimization", "claims-of": "claims",
}  # fmt: skip
VIEWS = ("#/", "#/histories", "#/optimizations", "#/claims", "#/stack", "#/trust", *KINDS)
IN_DARK = ("#/", "pair", "optimization", "bisection", "claims-of")


def addresses(explorer: Explorer) -> dict[str, str]:
    data = explorer.site.index.parent / "data"
    found = {kind: sorted(data.glob(f"{name}-*.js"))[-1].stem for kind, name in KINDS.items()}
    return {one: f"#/{one}/{found[one]}" if one in found else one for one in VIEWS}


def is_light(tab: Opened) -> bool:
    return bool(tab.page.evaluate("matchMedia('(prefers-color-scheme: light)').matches"))


@pytest.mark.parametrize("tab", [(1280, "light"), (1280, "dark")], indirect=True)
def test_axe_finds_no_violation(tab: Opened, explorer: Explorer, axe: str) -> None:
    views = addresses(explorer)
    tab.go(views["#/stack"])
    tab.page.evaluate(axe)
    for view in views.values() if is_light(tab) else map(views.__getitem__, IN_DARK):
        tab.turn(view)
        tab.page.wait_for_timeout(100)
        found = tab.page.evaluate("axe.run({preload: false}).then((one) => one.violations)")
        told = [(one["id"], [each["html"] for each in one["nodes"]][:3]) for one in found]
        assert told == [], view


@pytest.mark.parametrize("tab", [(360, "light")], indirect=True)
def test_it_fits_a_telephone(tab: Opened, explorer: Explorer) -> None:
    tab.go("#/stack")
    for view in addresses(explorer).values():
        tab.turn(view)
        wide = tab.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, view


def test_words_of_others_stay_words(tab: Opened) -> None:
    tab.go()
    assert tab.page.locator("main script").count() == 0
    open_pair(tab, "sample 1.0 → 2.0")
    assert tab.page.locator("p.lead").inner_text() == SUBJECT.replace("`", "")
    assert tab.page.locator("p.lead code").inner_text() == "json"
