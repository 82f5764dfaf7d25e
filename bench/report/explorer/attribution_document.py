"""An attribution for the explorer: what each part of a range contributed."""

from __future__ import annotations

from bench.explain.attribute.record import Attribution
from bench.formats.text import change, day, seconds
from bench.report.attribute.attribute_page import attribute_page
from bench.report.attribute.contributions import (
    Contribution,
    Contributions,
    contributions_of,
    life_words,
    outcome,
)
from bench.report.explorer.values import Document, limits, pair_key
from bench.report.machine_readable import finite


def attribution_row(attribution: Attribution) -> Document:
    """What is listed of one."""
    asked, found = attribution.asked, contributions_of(attribution)
    return {
        "target": asked.target,
        "label": asked.pair.label,
        "commits": len(asked.commits),
        "named": len({number for one in found for step in one.steps for number in step.numbers}),
        "dots": [_dot(one) for one in found],
        "begun": day(asked.started_at),
        "progress": str(attribution.progress),
    }


def attribution_view(attribution: Attribution) -> Document:
    """By scenario and Python the parts of the range, and what they come to."""
    asked = attribution.asked
    document: Document = finite(
        {
            **attribution_row(attribution),
            "machine": asked.machine.name,
            "repeat": asked.repeat,
            "scenarios": [_scenario(attribution, one) for one in contributions_of(attribution)],
            "page": f"results/{attribute_page(attribution)}",
        }
    )
    return document


def _dot(one: Contributions) -> Document:
    """The whole range on a scenario as a mark."""
    gain = one.whole.gain if one.whole else None
    return {
        "scenario": one.scenario,
        "python": one.python,
        "change": change(one.whole_interval),
        "kind": str(gain.verdict) if gain and gain.verdict else "",
        "interval": limits(one.whole_interval),
    }


def _scenario(attribution: Attribution, one: Contributions) -> Document:
    reach, gain = one.reach, one.whole.gain if one.whole else None
    target = attribution.asked.target
    return {
        "scenario": one.scenario,
        "words": attribution.asked.words.get(one.scenario, ""),
        "python": one.python,
        "failure": reach.failure,
        "outcome": "" if reach.failure else outcome(one),
        "life": [] if reach.failure else life_words(one),
        "proved": [
            {"label": commit.revision.label, "subject": commit.revision.subject, "why": reason}
            for number, commit in enumerate(attribution.asked.commits, 1)
            if (reason := reach.proved.get(number))
        ],
        "before": seconds(gain.base_s if gain else None),
        "after": seconds(gain.head_s if gain else None),
        "whole": limits(one.whole_interval),
        "whole_words": change(one.whole_interval),
        "whole_pair": pair_key(target, one.whole.run if one.whole else None),
        "product": limits(one.product),
        "product_words": change(one.product),
        "agrees": one.agrees,
        "parts": [_part(each, target) for each in one.parts],
    }


def _part(part: Contribution, target: str) -> Document:
    return {
        "label": part.label,
        "interval": limits(part.interval),
        "words": part.words,
        "finding": part.finding_word,
        "named": part.is_step,
        "pair": pair_key(target, part.record.run if part.record else None),
        "commits": [
            {
                "label": one.revision.label,
                "subject": one.detour or one.revision.subject,
                "author": one.author,
                "date": day(one.revision.date),
            }
            for one in part.commits
        ],
    }
