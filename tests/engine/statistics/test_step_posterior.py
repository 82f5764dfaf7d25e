"""The posterior over the places of steps, against what can be computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bench.engine.statistics.step_posterior import StateComparison, StepModel

MODEL = StepModel(prior=(0.25,) * 4, scale=0.1, drift=0.0, sign=1)


def test_before_anything_is_seen_the_prior_holds() -> None:
    found = StepModel(prior=(0.1, 0.2, 0.7), scale=0.1, drift=0.001, sign=1).posterior([])
    assert found.none == pytest.approx(0.2)
    # Half of the steps go the other way; several share their mass by the prior too, in one cell.
    assert found.alone.tolist() == pytest.approx([0.03, 0.06, 0.21])
    assert found.largest.sum() < 0.8


def test_with_one_step_it_is_the_rule_of_bayes() -> None:
    """One pair that says that the step lies behind state 2: as computed from its definition."""
    seen = [StateComparison(0, 4, 0.1, 0.01), StateComparison(0, 2, 0.002, 0.02)]
    found = MODEL.posterior(seen)
    noise = np.diag([0.01**2, 0.02**2])
    behind = multivariate_normal([0, 0], noise + 0.1**2 * np.outer([1, 0], [1, 0]))
    before = multivariate_normal([0, 0], noise + 0.1**2 * np.outer([1, 1], [1, 1]))
    odds = behind.pdf([0.1, 0.002]) / before.pdf([0.1, 0.002])
    alone = found.alone.tolist()
    assert alone[0] == pytest.approx(alone[1])
    assert alone[2] / alone[0] == pytest.approx(odds, rel=1e-6)


def test_answers_of_both_kinds_find_the_step_whatever_their_order() -> None:
    seen = [
        StateComparison(0, 4, -0.1, 0.01),
        StateComparison(0, 2, -0.001, 0.01),
        StateComparison(0, 3, -0.099, 0.01),
        StateComparison(2, 3, -0.1, 0.005),
    ]
    model = StepModel(prior=(0.25,) * 4, scale=0.1, drift=0.001, sign=-1)
    found = model.posterior(seen)
    assert max(found.largest) == found.largest[2]
    assert found.largest[2] > 0.97
    again = model.posterior(seen[::-1])
    assert again.largest.tolist() == pytest.approx(found.largest.tolist())
    assert StepModel(prior=(0.25,) * 4, scale=0.1, drift=0.001, sign=1).posterior(
        seen
    ).largest.sum() < 0.2  # fmt: skip


def test_of_two_steps_the_larger_leads_and_the_other_is_known() -> None:
    seen = [
        StateComparison(0, 4, 0.14, 0.005),
        StateComparison(0, 1, 0.04, 0.004),
        StateComparison(1, 3, 0.0, 0.004),
        StateComparison(3, 4, 0.1, 0.004),
    ]
    found = MODEL.posterior(seen)
    assert found.largest[3] > 0.97
    first = found.cells[0]
    assert first.probability > 0.97
    assert first.size == pytest.approx(0.04, abs=0.005)


def test_equal_ends_speak_for_no_step() -> None:
    found = MODEL.posterior([StateComparison(0, 4, 0.0, 0.002)])
    assert found.none > 0.9


@pytest.mark.parametrize(
    "wrong",
    [
        {"prior": ()}, {"prior": (0.5, 0.0)}, {"scale": 0.0}, {"drift": -1.0},
        {"prior": (0.5, math.inf)},
    ],
)  # fmt: skip
def test_what_is_no_model(wrong: dict[str, object]) -> None:
    told = {"prior": (0.5, 0.5), "scale": 0.1, "drift": 0.0, "sign": 1} | wrong
    with pytest.raises(ValueError, match=r"prior|scale"):
        StepModel(**told)  # type: ignore[arg-type]


def test_an_answer_without_an_error_is_refused() -> None:
    with pytest.raises(ValueError, match="standard error"):
        MODEL.posterior([StateComparison(0, 4, 0.1, 0.0)])
