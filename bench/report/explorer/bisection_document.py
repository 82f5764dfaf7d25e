"""A bisection for the explorer: how probable each commit was after each answer."""

from __future__ import annotations

from bench.explain.bisect.record import BisectionTold
from bench.formats.text import change, day, duration, share
from bench.report.bisect.bisect_page import bisect_page, method_words
from bench.report.bisect.decisions import (
    Decision,
    decisions_of,
    found_words,
    others_words,
    stepped_around,
    times_words,
)
from bench.report.explorer.values import Document, limits, pair_key
from bench.report.machine_readable import finite

_DIGITS = 5  # of probabilities


def bisection_row(bisection: BisectionTold) -> Document:
    """What is listed of one."""
    asked = bisection.asked
    return {
        "target": asked.target,
        "label": asked.pair.label,
        "benchmark": asked.benchmark,
        "python": asked.python,
        "found": found_words(bisection),
        "begun": day(asked.started_at),
        "progress": str(bisection.progress),
    }


def bisection_view(bisection: BisectionTold) -> Document:
    """All of it. Candidates are the commits that may matter, as `shares` and `commits` list them.

    A decision compares the states before candidate `first` and after candidate `last` - 1.
    """
    asked, reach = bisection.asked, bisection.reach
    is_searched = reach is not None and not reach.failure
    document: Document = finite(
        {
            **bisection_row(bisection),
            "words": asked.words,
            "wanted": str(asked.wanted),
            "machine": asked.machine.name,
            "commits": len(asked.commits),
            "searched": is_searched,
            "error": share(asked.error),
            "times": times_words(bisection),
            "others": others_words(bisection) if is_searched else [],
            "whole": limits(bisection.known().outcome.whole) if is_searched else None,
            "candidates": _candidates(bisection) if is_searched else [],
            "prior": _shares(bisection, 0) if is_searched else [],
            "decisions": _decisions(bisection) if is_searched else [],
            "around": [
                [asked.revision(number).label, why]
                for number, why in sorted(stepped_around(bisection).items())
            ],
            "proved": [
                [one.label, one.subject, str(why)]
                for number, why in sorted(reach.proved.items() if reach else ())
                for one in [asked.revision(number)]
            ],
            "method": method_words(bisection),
            "took": duration(bisection.took_s),
            "repeat": asked.repeat,
            "page": f"results/{bisect_page(bisection)}",
        }
    )
    return document


def _shares(bisection: BisectionTold, answers: int) -> list[float]:
    return [round(one, _DIGITS) for one in bisection.known(answers).shares]


def _candidates(bisection: BisectionTold) -> list[Document]:
    known = bisection.known()
    held = set(known.outcome.candidates)
    found = []
    for candidate, probability in enumerate(known.shares, 1):
        commits = [bisection.asked.commits[one - 1] for one in bisection.commits((candidate,))]
        own = known.measured(candidate)
        found.append(
            {
                "commits": [
                    {
                        "label": one.revision.label,
                        "subject": one.revision.subject,
                        "author": one.author,
                        "date": day(one.revision.date),
                    }
                    for one in commits
                ],
                "probability": probability,
                "words": share(probability),
                "own": change(own),
                "interval": limits(own),
                "held": candidate in held,
            }
        )
    return found


def _decisions(bisection: BisectionTold) -> list[Document]:
    return [
        _decision(bisection, one, number) for number, one in enumerate(decisions_of(bisection), 1)
    ]


def _decision(bisection: BisectionTold, one: Decision, number: int) -> Document:
    record, answer = one.record, one.record.answer
    return {
        "cells": one.row(number),
        "first": record.first,
        "last": record.last,
        "interval": limits(answer.interval),
        "kind": str(answer.verdict) if answer.verdict else "",
        "shares": _shares(bisection, number),
        "pair": pair_key(bisection.asked.target, record.run),
    }
