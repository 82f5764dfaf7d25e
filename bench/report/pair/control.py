"""What is said when the control differs: the same program on both sides, and not the same time."""

from __future__ import annotations

from bench.core.result import Evaluation
from bench.core.verdict import Verdict
from bench.engine.environments.startup import differences_at_start
from bench.engine.store.run import Run
from bench.formats.text import change

WARNING = "⚠"
DOUBTFUL = f"{WARNING} doubtful"
_LOOKED_AT = (
    "No cause was found in .pth files, sitecustomize, packages, the number of entries in "
    "site-packages and the length of paths"
)


def doubtful_mark(evaluation: Evaluation) -> str:
    """For the title of every table of a run: "" unless its control differs."""
    return f"{DOUBTFUL}: the control differs" if evaluation.doubtful else ""


def control_warning(run: Run, evaluation: Evaluation) -> str:
    """What a control that differs means, with the cause looked for; "" where it does not."""
    control = evaluation.control
    if control is None or control.verdict not in {
        Verdict.FASTER, Verdict.SLOWER, Verdict.BELOW_MEI,
    }:  # fmt: skip
        return ""
    words = f"The bare interpreters of the two environments differ: {change(control.interval)}. "
    if not evaluation.doubtful:
        small = control.verdict is Verdict.BELOW_MEI
        chance = "" if small else " By chance this happens in at most 1 of 20 runs."
        return f"{words}Both are the same program.{chance}{_causes(run)}"
    level = run.manifest.options.alpha if control.p_value is None else control.p_value
    return (
        f"{words}They are the same program, so what changed is not the project, or not only: the "
        f"verdicts of this run are doubtful.{_causes(run)} By chance alone it is rare "
        f"(p {'< 0.001' if level < 0.001 else f'= {level:.3f}'}); measure again to see."
    )


def _causes(run: Run) -> str:
    manifest = run.manifest
    if manifest.base_start is None or manifest.head_start is None:
        return " Look at their site-packages (.pth files) before believing the rest."
    found = list(
        differences_at_start(
            manifest.base_start, manifest.head_start, (manifest.base, manifest.head)
        )
    )
    if not found:
        return f" {_LOOKED_AT}: something on the machine may have changed meanwhile."
    return f" What a start of each meets differs: {'; '.join(found)}."
