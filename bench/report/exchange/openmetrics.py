"""OpenMetrics: what Prometheus and its kin scrape, or take from a file.

Times and sizes are gauges of a run's moment; a verdict is a state of which one holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric, StateSetMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from bench.core.result import Result
from bench.core.sample import Side
from bench.core.verdict import Verdict
from bench.report.select_runs import Evaluated

_LABELS = ("target", "base", "head", "python", "machine", "benchmark")
_Labels = tuple[str, ...]
_RATIO = "Time of head divided by that of base: estimate and limits of its confidence interval."


def as_openmetrics(runs: Sequence[Evaluated]) -> str:
    """All benchmarks of some runs, oldest first, the control among them.

    Of several runs of one pair, Python and machine the last one counts.
    """
    newest = {
        _labels(one, result.name): (one, result)
        for one in runs
        for result in one.evaluation.results
    }
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(newest))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text.decode()


class _Families(Collector):
    """Metrics of benchmarks by their labels, each at the moment its run began."""

    def __init__(self, found: Mapping[_Labels, tuple[Evaluated, Result]]) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """All families."""
        ratio = GaugeMetricFamily("duetbench_ratio", _RATIO, labels=(*_LABELS, "limit"))
        times = GaugeMetricFamily(
            "duetbench_time", "Median of a side.", labels=(*_LABELS, "side"), unit="seconds"
        )
        memory = GaugeMetricFamily(
            "duetbench_peak_memory", "Median peak memory of a process.",
            labels=(*_LABELS, "side"), unit="bytes",
        )  # fmt: skip
        verdict = StateSetMetricFamily("duetbench_verdict", "What was decided.", labels=_LABELS)
        for labels, (one, result) in self._found.items():
            at = datetime.fromisoformat(one.run.manifest.started_at).timestamp()
            for family, values in (
                (ratio, _limits(result)),
                (times, _sides(result.base_s, result.head_s)),
                (memory, _peaks(result)),
            ):
                for name, value in values.items():
                    family.add_metric((*labels, name), value, timestamp=at)
            states = {str(state): result.verdict is state for state in Verdict}
            verdict.add_metric(labels, states, timestamp=at)
        yield from (ratio, times, memory, verdict)


def _limits(result: Result) -> dict[str, float]:
    if result.size is None:
        return {}
    interval = result.size.interval
    return {"estimate": interval.ratio, "low": interval.low, "high": interval.high}


def _peaks(result: Result) -> dict[str, float]:
    memory = result.memory
    return _sides(memory.base_bytes, memory.head_bytes) if memory else {}


def _sides(base: float | None, head: float | None) -> dict[str, float]:
    sides = zip(Side, (base, head), strict=True)
    return {str(side): value for side, value in sides if value is not None}


def _labels(one: Evaluated, benchmark: str) -> _Labels:
    manifest, pair = one.run.manifest, one.run.manifest.pair
    return (
        *(manifest.target, pair.base.label, pair.head.label),
        *(manifest.python, manifest.machine.name, benchmark),
    )
