"""Figures of speed in a text: ratios, per cents, and times before and after. Pure.

All of them become one ratio, before / after. "35% faster", "35% speed-up" and "35% runtime
improvement" mean 1.35 times the speed, as codeflash's bots count (2.67 → 1.98 ms is their 35%);
"35% less time" and "reduces the runtime by 35%" mean 1 / 0.65. "(0.35x) speed-up" beside a per cent
is the same gain once more. Where times are given, they decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_UNITS = {
    "ns": 1e-9, "nanosecond": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "microsecond": 1e-6,
    "ms": 1e-3, "millisecond": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0,
    "min": 60.0, "minute": 60.0,
}  # fmt: skip
_UNIT = "|".join(f"{one}s?" if len(one) > 2 else one for one in sorted(_UNITS, key=len)[::-1])
_ABOUT = r"[~≈∼]?\s*"
_SPREAD = rf"(?:\s*(?:±|\+/-)\s*{_NUMBER})?"
_ARROW = r"\s*(?:→|➜|⟶|⇒|--?>|=>)\s*"
_AFTER = rf"{_ABOUT}(?P<after>{_NUMBER}){_SPREAD}\s*(?P<after_unit>{_UNIT})(?![A-Za-z/])"
_BEFORE = (
    rf"(?<![\w.,-]){_ABOUT}(?P<before>{_NUMBER}){_SPREAD}\s*(?:(?P<before_unit>{_UNIT})\b)?"
    r"(?: per call| each)?"
)
_PAIRS = (
    re.compile(_BEFORE + _ARROW + _AFTER),
    re.compile(rf"\bfrom\s+{_BEFORE}\s*(?:down )?to\s+{_AFTER}", re.IGNORECASE),
)
_BEFORE_AFTER = re.compile(
    rf"\bbefore\b\W{{0,5}}?{_BEFORE}(?=\W).{{0,200}}?\bafter\b\W{{0,5}}?{_AFTER}",
    re.IGNORECASE | re.DOTALL,
)
_RATIO = re.compile(rf"(?<![\w.,-]){_ABOUT}(?P<number>{_NUMBER})\s*[x×](?!\w)")
_PERCENT = re.compile(rf"(?<![\w.,-]){_ABOUT}(?P<number>{_NUMBER})\s*%(?:\s*\([\d.,]+[x×]\))?")
_FASTER = r"(?:speed-?\s?ups?|faster|quicker|(?:runtime |performance )?improvements?|gains?|boost)"
_FASTER_BEHIND = re.compile(rf"\W{{0,3}}(?:[\w-]+ ){{0,2}}{_FASTER}\b", re.IGNORECASE)
_FASTER_BY = re.compile(
    r"\b(?:speed(?:s|ed)?[ -]?up|sped up|faster|improv\w+)\b(?:(?!\. )[^;%\n]){0,80}?"
    r"(?:by|of|:)?\W{0,4}$",
    re.IGNORECASE,
)
_LESS_BEHIND = re.compile(
    r"\W{0,3}(?:(?:runtime|time|latency|import[- ]time|startup)[- ](?:reduction|decrease|saving)"
    r"|less (?:time|runtime|CPU)|shorter)",
    re.IGNORECASE,
)
_LESS_BY = re.compile(
    r"\b(?:reduc|cut|decreas|lower|sav|shav)\w*\b(?:(?!\. )[^;%\n]){0,60}"
    r"\b(?:time|runtime|latency|startup)\b[^.;%\n]{0,20}?(?:by)?\W{0,4}$",
    re.IGNORECASE,
)
_NO_SPEED = re.compile(
    r"\W{0,3}(?:[\w-]+ )?(?:complexity|fewer|less|smaller|slower|larger|more|memory|size|lower"
    r"|allocations?|calls?|bytes|reduction)\b",
    re.IGNORECASE,
)
_RANGE_BEFORE = re.compile(r"(?:\d%?\s*[-–—]|\d%? to|\d%? and)\s*$")
_WAITING = re.compile(r"\b(?:time-?out|looping time|interval|deadline|ttl|sleep|delay)\b", re.I)
_AT_MOST = re.compile(r"\b(?:up to|as much as|at most|ranging|over|maximum)\W{0,4}$", re.IGNORECASE)
_NEAR = 45


@dataclass(frozen=True, kw_only=True)
class ClaimedFigure:
    """One that was found: `ratio` is before / after, above 1 for faster; times are in seconds.

    It stands at `start` to `end` of the text. `at_most`: it is told as the best of several.
    """

    start: int
    end: int
    ratio: float
    before_s: float | None = None
    after_s: float | None = None
    at_most: bool = False

    @property
    def has_times(self) -> bool:
        """Whether it rests on times before and after."""
        return self.before_s is not None


def find_figures(text: str) -> tuple[ClaimedFigure, ...]:
    """All figures that say that something got faster, in the order of the text.

    A ratio or a per cent beside times says the same once more: both are one figure.
    """
    pairs = list(_pairs(text))
    percents = list(_percents(text))
    ratios = [one for one in _ratios(text, pairs) if not _inside(one, percents)]
    others = [one for one in (*ratios, *percents) if not _inside(one, pairs)]
    found = list(pairs)
    for one in sorted(others, key=lambda other: other.start):
        place = next((n for n, pair in enumerate(found) if _belongs(one, pair, text)), None)
        if place is None:
            found.append(one)
        else:
            pair = found[place]
            found[place] = replace(
                pair,
                start=min(pair.start, one.start),
                end=max(pair.end, one.end),
                at_most=pair.at_most or one.at_most,
            )
    return tuple(sorted((one for one in found if one.ratio > 1), key=lambda one: one.start))


def seconds_of(number: str, unit: str) -> float:
    """A time in seconds."""
    key = unit if unit in _UNITS else unit.removesuffix("s")
    return float(number.replace(",", "")) * _UNITS[key]


def _pairs(text: str) -> Iterator[ClaimedFigure]:
    seen: list[tuple[int, int]] = []
    for pattern in (*_PAIRS, _BEFORE_AFTER):
        for found in pattern.finditer(text):
            start, end = found.span()
            if any(start < other_end and other_start < end for other_start, other_end in seen):
                continue
            if pattern is _BEFORE_AFTER and not found["before_unit"]:
                continue
            if _WAITING.search(text[max(0, start - _NEAR) : start]):
                continue
            unit = found["after_unit"]
            before_s = seconds_of(found["before"], found["before_unit"] or unit)
            after_s = seconds_of(found["after"], unit)
            if after_s > 0:
                seen.append((start, end))
                yield ClaimedFigure(
                    start=start,
                    end=end,
                    ratio=before_s / after_s,
                    before_s=before_s,
                    after_s=after_s,
                    at_most=_is_at_most(text, start),
                )


def _ratios(text: str, pairs: Iterable[ClaimedFigure]) -> Iterator[ClaimedFigure]:
    for found in _RATIO.finditer(text):
        start, end = found.span()
        behind, before = text[end : end + _NEAR], text[max(0, start - 60) : start]
        if _NO_SPEED.match(behind) or _RANGE_BEFORE.search(before):
            continue
        said = _FASTER_BEHIND.match(behind) or _FASTER_BY.search(before)
        value = _number(found)
        figure = ClaimedFigure(start=start, end=end, ratio=value, at_most=_is_at_most(text, start))
        if value > 0 and (said or any(_belongs(figure, pair, text) for pair in pairs)):
            yield figure


def _percents(text: str) -> Iterator[ClaimedFigure]:
    for found in _PERCENT.finditer(text):
        start, end = found.span()
        behind, before = text[end : end + _NEAR], text[max(0, start - 90) : start]
        if _RANGE_BEFORE.search(before):
            continue
        value = _number(found) / 100
        at_most = _is_at_most(text, start)
        if (_LESS_BEHIND.match(behind) or _LESS_BY.search(before)) and value < 1:
            yield ClaimedFigure(start=start, end=end, ratio=1 / (1 - value), at_most=at_most)
        elif _FASTER_BEHIND.match(behind) or (
            _FASTER_BY.search(before) and not _NO_SPEED.match(behind)
        ):
            yield ClaimedFigure(start=start, end=end, ratio=1 + value, at_most=at_most)


def _number(found: re.Match[str]) -> float:
    return float(found["number"].replace(",", ""))


def _is_at_most(text: str, start: int) -> bool:
    return bool(_AT_MOST.search(text[max(0, start - 14) : start]))


def _inside(one: ClaimedFigure, pairs: Iterable[ClaimedFigure]) -> bool:
    return any(pair.start <= one.start and one.end <= pair.end for pair in pairs)


def _belongs(one: ClaimedFigure, pair: ClaimedFigure, text: str) -> bool:
    """Whether a ratio tells of these times: beside them, and nothing ends between."""
    if not pair.has_times:
        return False
    between = text[pair.end : one.start] if pair.end <= one.start else text[one.end : pair.start]
    return len(between) <= _NEAR and not re.search(r"[.;,]\s|\n|\band\b|[→%]", between)
