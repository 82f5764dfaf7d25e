"""What to know before believing a figure of a pair."""

from __future__ import annotations

from collections.abc import Sequence

from bench.formats.markdown import prose
from bench.formats.text import joined
from bench.report.pair.control import control_warning
from bench.report.pair.notes import warnings
from bench.report.pair.other_runs import other_runs
from bench.report.select_runs import OnMachine
from bench.validate.calibration.analysis import Calibration
from bench.validate.calibration.lookup import fitting


def cautions(on: OnMachine, calibrations: Sequence[Calibration]) -> list[str]:
    """What to know before believing a figure: each once, with its Pythons where not all say it."""
    said: dict[str, list[str]] = {}
    for one in on.shown:
        fit = fitting(one.run, calibrations)
        above = control_warning(one.run, one.evaluation) if one.evaluation.doubtful else ""
        told = (*warnings(one, fit, on.shown), *other_runs(one))
        for words in (each for each in told if each != above):
            said.setdefault(words, []).append(one.name)
    several = len(on.shown) > 1
    return [
        prose(words) + (f" ({joined(names)})" if several and len(names) < len(on.shown) else "")
        for words, names in said.items()
    ]
