"""The explorer of synthetic data: what it is made from, and a tab that shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bench.core.workspace import Workspace
from bench.engine.store.accounts import save_account
from bench.explain.attribute.record import ReachRecord
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.claims.stored import CLAIMS
from bench.report.explorer.write import WrittenSite
from support.browser import ROOT
from support.synthetic_attributions import write_attribution
from support.synthetic_bisections import begun_bisection, synthetic_bisection
from support.synthetic_optimizations import BASE, FIRST, synthetic_optimization
from support.synthetic_ranges import synthetic_attribution, synthetic_claims
from support.synthetic_runs import (
    USUAL,
    RunPlan,
    add_counters,
    command,
    control,
    workspace_in,
    write_calibration,
    write_run,
)
from support.synthetic_series import write_series
from support.synthetic_stacks import write_stack

# Times as claimed and as measured: one holds, one is more, one less, one has no effect.
CLAIMED = {1.25: 1.26, 2.0: 4.1, 3.0: 1.4, 1.5: 1.0}
SUBJECT = "Defer `json` <script>alert(1)</script>"


def everything(folder: Path) -> Workspace:
    """Pairs on two Pythons and two machines, and one of everything else."""
    made = workspace_in(folder)
    write_calibration(made, RunPlan(USUAL, run_id="20260101T000000Z-0001"))
    first = write_run(made, RunPlan(USUAL, subject=SUBJECT))
    add_counters(first, ["quick"])
    write_run(made, RunPlan(USUAL, python="3.12", subject=SUBJECT))
    write_run(made, RunPlan(USUAL, machine="box-b", subject=SUBJECT))
    loaded = (control(others=0.6), command("work", ratio=0.97, others=0.6))
    write_run(made, RunPlan(loaded, target="other", head="3.0", layer="boundary"))
    same = (control(), command("work"))
    write_run(made, RunPlan(same, target="calm", head="1.1"))
    broken = (control(), command("gone", why_not="exit status 1", is_broken=True))
    write_run(made, RunPlan(broken, target="calm", head="1.2"))
    write_series(made)
    save_account(write_stack(workspace_in(folder / "stack")), made.data)
    write_attribution(made.data)
    synthetic_optimization(made.data)
    write_run(made, RunPlan(same, base=BASE, head=FIRST))  # its first step
    synthetic_bisection(made.data)
    synthetic_claims(made.data, CLAIMED)
    profile = made.profiles / "sample/1.0..2.0/py3.13/quick"
    profile.mkdir(parents=True)
    example = ROOT / "profiles/codeflash/7351d0f0ba..70e3ce1a67/py3.13/help/shift.svg"
    (profile / "shift.svg").write_bytes(example.read_bytes())
    return made


def just_begun(folder: Path) -> Workspace:
    """An optimisation, a bisection and an attribution of which nothing came yet; an odd claim."""
    made = workspace_in(folder)
    synthetic_optimization(made.data, ())
    begun_bisection(made.data)
    failed = ReachRecord(scenario="help", python="3.13", failure="does not work on any commit")
    asked = synthetic_attribution(folder / "another").asked
    ATTRIBUTIONS.append(ATTRIBUTIONS.create(made.data, asked), failed)
    tested = synthetic_claims(folder / "another", {1.5: 1.5}).asked
    odd = replace(tested.claims[0], ratio=None, candidates=(), reason="no benchmark measures it")
    CLAIMS.create(made.data, replace(tested, claims=(odd,)))
    return made


@dataclass(frozen=True)
class Explorer:
    """The page that was made, and what it was made from."""

    workspace: Workspace
    site: WrittenSite


@dataclass
class Opened:
    """A tab, what its console said, and which files it read."""

    page: Any
    index: Path
    said: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)

    def go(self, address: str = "#/") -> None:
        """Open a view and wait until it is there."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.index.as_uri()}{address}")
        self.page.wait_for_selector("main h1")

    def turn(self, address: str) -> None:
        """Go from one view to another on the same page: faster than opening it."""
        self.page.evaluate(
            "(to) => { document.querySelector('main').replaceChildren(); location.hash = to; }",
            address,
        )
        self.page.wait_for_selector("main h1")

    def texts(self, selector: str) -> list[str]:
        """What elements say, seen or not."""
        found: list[str] = self.page.locator(selector).all_text_contents()
        return [one.strip() for one in found]
