"""How much a self-check measures, and how long each part may take."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from bench.core.options import Options

POWER_RATIOS = (1.02, 1.05)
BIAS_RATIOS = (1.05, 1.2, 2.0, 10.0, 1.0, 1.02, 1.1)  # the first tell most, if time is short


@dataclass(frozen=True, kw_only=True)
class SelfCheckSettings:
    """Counts, and limits in seconds: a part that reaches its limit is cut short, and says so.

    `runs`: A/A runs, for which `run_s` each are allowed; `block_samples`: the most samples a side
    of the blocks, which take about `block_s`; `process_s`: CPU time of the CPU-bound command, the
    interpreter's start included; `growing_samples` and `growing_s`: the cap of the blocks that grow
    until their interval is as narrow as the engine's; `sizes_s`: what known ratios of all kinds of
    work may take, of which each is calibrated in `works_rounds` (0: the CPU-bound one alone);
    `before_aa_s`: what all parts before the A/A runs may take; beyond that, the A/A runs get less
    time.
    """

    runs: int = 40
    run_s: float = 16.0
    block_samples: int = 30
    block_s: float = 2.0
    process_s: float = 0.050
    calibration_rounds: int = 30
    verify_rounds: int = 30
    power_repeats: int = 5
    growing_samples: int = 200
    growing_s: float = 30.0
    design_rounds: int = 40
    lane_rounds: int = 100
    load_per_cpu: int = 2
    bias_rounds: int = 20
    works_rounds: int = 6
    sizes_s: float = 180.0
    part_s: float = 60.0
    before_aa_s: float = 420.0
    budget_s: float = Options().budget_s

    def aa_s(self, elapsed_s: float) -> float:
        """Seconds for the A/A runs: less when the parts before were late, but at least half."""
        whole_s = self.runs * self.run_s
        return max(whole_s - max(elapsed_s - self.before_aa_s, 0.0), whole_s / 2)

    @property
    def options(self) -> Options:
        """The engine's own defaults; only the budget may be smaller, to finish in time."""
        return Options(budget_s=self.budget_s)

    def as_numbers(self) -> dict[str, float]:
        """For the record."""
        return {name: float(value) for name, value in dataclasses.asdict(self).items()}


QUICK = SelfCheckSettings(
    runs=2,
    run_s=5.0,
    block_samples=10,
    block_s=1.0,
    calibration_rounds=8,
    verify_rounds=0,
    power_repeats=1,
    growing_samples=15,
    growing_s=3.0,
    design_rounds=8,
    lane_rounds=10,
    bias_rounds=6,
    works_rounds=0,
    sizes_s=10.0,
    part_s=6.0,
    before_aa_s=45.0,
    budget_s=4.0,
)
