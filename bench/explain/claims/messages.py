"""From a commit's message to the speed-ups that it claims. Pure.

A message whose title names a function makes one claim about it: the figure that is told of the
whole, not those of single lines, cases or calls. Any other makes a claim for each thing that stands
beside a figure. A message that only says that something is faster ("perf: …") claims that without a
figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.explain.claims.figures import ClaimedFigure, find_figures
from bench.explain.claims.mentions import (
    Mention,
    MentionKind,
    Named,
    Vocabulary,
    function_of_speedup,
    function_of_title,
    mentions_in,
)

_PERF = re.compile(r"\bperf(?:\([^)]*\))?!?:", re.IGNORECASE)
_TITLE_OF_SPEED = re.compile(rf"^\W*(?:optimi[sz]e|speed(?:s|ed)? up)\b|{_PERF.pattern}", re.I)
_SPEED_TITLE = re.compile(r"\bfaster\b|\bspeed|^perf\b", re.IGNORECASE)
_DEFERS = re.compile(r"^\W*perf\W+(?:defer|lazy|lazily)\b", re.IGNORECASE)
_DEFERRAL = re.compile(
    r"\b(?:defer\w*|lazy|lazily|delay\w*|remov\w+|eliminat\w+|mov\w+|avoid\w*)\b[^\n]*\bimport",
    re.IGNORECASE,
)
_BREAKS = re.compile(r"[.;!?](?=\s)|\n")
_WHOLE = re.compile(r"\b(?:overall|total|net|whole|primary|observed|end[- ]to[- ]end)\b", re.I)
_SPEED = re.compile(
    r"run-?time|speed-?up|wall-clock|achiev|optimized (?:code|version)"
    r"|optimization (?:achieves|cut)",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    rf"\b(?:yield\w*|giving|achiev\w*|resulting|deliver\w*)\b|{_WHOLE.pattern}", re.IGNORECASE
)
_PART = re.compile(
    r"profil\w+ (?:shows?|data|confirms?|reveals?)|per[- ](?:hit|call|check|frame|iteration)"
    r"|\b(?:line|loop|phase|regex|lookups?|sort|node|call|block|imports?|cost) (?:\w+ )?"
    r"(?:dropped|drops|overhead|from)|overhead from|in this function|test_\w+|\btests?\b"
    r"|\bcases?\b|\bfunction's time\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r",\s|\s—\s|—|\band\b")
_TOLD_OF = re.compile(
    r"[x×%]?[\s*]*(?:faster|quicker|speed-?up)?[\s*]*(?:(?:in|for|of|on|at|the)\s+){0,2}`?", re.I
)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+\.)\s")
_OLDER_BASE = re.compile(
    r"\bcombined with (?:the )?(?:previous|earlier|prior)\b|\bcumulative\b"
    r"|\bon top of the (?:previous|earlier)\b|\bsince (?:the last release|v?\d+\.\d+)"
    r"|\b(?:vs\.?|versus|against|compared (?:to|with)|over) (?:`?(?:main|master)`?"
    r"|the (?:last|previous) release|v\d+\.\d+)",
    re.IGNORECASE,
)
_NET = re.compile(
    r"\bnet of (?:the )?(?:interpreter|python|start)"
    r"|\b(?:excluding|without|minus|beyond) (?:the )?(?:bare )?(?:interpreter|python)(?:'s)? "
    r"(?:own )?start|\b(?:self|own) import time\b|-X importtime",
    re.IGNORECASE,
)
_PYTHON = re.compile(r"\b(?:C?Python|py)[ -]?(3\.\d{1,2}t?)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class MessageClaim:
    """A speed-up as a message claims it.

    `ratio` is before / after, None where no figure is given; times are in seconds. `mentions` are
    what it may be of, the most likely first; `words` are those around it, in lower case, to hold
    against names of benchmarks. `is_of_function`: the whole message is about the one function
    that it mentions; `deferral`: about imports that are deferred or removed. `older_base`: it is
    told against something older than the commit's parent; `net`: without the interpreter's own
    start; `python`: the version it names.
    """

    mentions: tuple[Mention, ...]
    ratio: float | None = None
    before_s: float | None = None
    after_s: float | None = None
    words: frozenset[str] = frozenset()
    is_of_function: bool = False
    deferral: bool = False
    older_base: bool = False
    net: bool = False
    python: str = ""

    @property
    def subject(self) -> Mention | None:
        """What it is most likely of."""
        return self.mentions[0] if self.mentions else None


@dataclass(frozen=True)
class _FoundAt:
    """A figure, the text around it, and how much it speaks for the whole.

    `is_of_another`: it stands beside a command of another program; `older_base`: its paragraph
    says up to here that it is told against something older.
    """

    figure: ClaimedFigure
    line: str
    mentions: tuple[Mention, ...]
    score: int
    is_of_another: bool
    older_base: bool


def find_claims(message: str, vocabulary: Vocabulary) -> tuple[MessageClaim, ...]:
    """The speed-ups that a message claims, in its order."""
    message = message.replace("\r", "")
    subject, _, body = message.strip().partition("\n")
    if subject.startswith(("Revert ", "revert:", "fixup!", "squash!")):
        return ()
    is_merge = subject.startswith("Merge ")
    title = next(filter(None, (one.strip() for one in body.split("\n"))), "") if is_merge else ""
    heading = f"{subject}\n{title}" if is_merge else subject
    text = _unmarked(message.strip())
    found = find_figures(text)
    about = function_of_title(title or subject) or function_of_title(subject)
    about = about or function_of_speedup(text)
    places = [
        _place(message.strip(), text, one, (before, after), vocabulary)
        for before, one, after in _with_neighbours(found, len(text))
    ]
    if about is not None and (places or re.search(r"[._]", about.name)):
        claims = [_of_function(about, places)]
    else:
        claims = list(_of_figures(places, heading, vocabulary))
    if not _TITLE_OF_SPEED.search(title or subject):
        claims = [one for one in claims if one.mentions or _SPEED_TITLE.search(title or subject)]
    elif not claims and _PERF.search(title or subject):
        claims = [_without_figure(heading, body, vocabulary)]
    python = _PYTHON.search(message)
    return tuple(
        replace(
            one,
            words=one.words if one.mentions and one.ratio else one.words | _words_of(heading),
            deferral=is_deferral(message),
            net=one.net or bool(_NET.search(message)),
            python=python[1] if python else "",
        )
        for one in claims
    )


def _unmarked(text: str) -> str:
    """The same length without marks of emphasis and code, so that places stay what they are."""
    return text.replace("**", "  ").replace("`", " ")


def _with_neighbours(
    figures: Sequence[ClaimedFigure], length: int
) -> Iterator[tuple[int, ClaimedFigure, int]]:
    """Each with where the one before it ends, and where the next begins."""
    ends = [0, *(one.end for one in figures)]
    starts = [*(one.start for one in figures[1:]), length]
    yield from zip(ends, figures, starts, strict=False)


def _place(
    raw: str, text: str, figure: ClaimedFigure, others: tuple[int, int], vocabulary: Vocabulary
) -> _FoundAt:
    start = raw.rfind("\n", 0, figure.start) + 1
    end = raw.find("\n", figure.end)
    end = end if end >= 0 else len(raw)
    line = raw[start:end]
    return _FoundAt(
        figure,
        line,
        _beside(
            mentions_in(line, vocabulary),
            line,
            (figure.start - start, figure.end - start),
            (others[0] - start, others[1] - start),
        ),
        _score(text, figure, line),
        vocabulary.has_other_program(line),
        bool(_OLDER_BASE.search(raw[max(raw.rfind("\n\n", 0, start), 0) : end])),
    )


def _score(text: str, figure: ClaimedFigure, line: str) -> int:
    """How much a figure speaks for the whole, by the words of its clause."""
    before = _BREAKS.split(text[max(0, figure.start - 90) : figure.start])[-1]
    behind = _BREAKS.split(text[figure.end : figure.end + 50])[0]
    inside = text[figure.start : figure.end]
    clause = f"{_CLAUSE.split(before)[-1]}{inside}{_CLAUSE.split(behind)[0]}"
    score = 2 * figure.has_times + 3 * bool(_WHOLE.search(clause)) + 2 * bool(_SPEED.search(clause))
    if not _OUTCOME.search(clause):
        score -= 3 * bool(_PART.search(f"{before}|{_CLAUSE.split(behind)[0]}"))
    return score - 3 * bool(_BULLET.match(line)) - 4 * figure.at_most


def _beside(
    found: Sequence[Named], line: str, figure: tuple[int, int], others: tuple[int, int]
) -> tuple[Mention, ...]:
    """What is named on a figure's line: what it is told of first, then the nearest before it.

    `7.7x faster --help` is told of what follows, `--help: 297ms → 39ms` of what stands before.
    What stands beyond another figure belongs to that one.
    """
    start, end = figure
    found = [one for one in found if one.start >= others[0] and one.end <= others[1]]
    told_of = [
        one for one in found if one.start >= end and _TOLD_OF.fullmatch(line[end : one.start])
    ]
    before = [one for one in found if one.end <= start][::-1]
    behind = [one for one in found if one not in before]
    return tuple(dict.fromkeys(one.mention for one in (*told_of, *before[:1], *behind, *before)))


def _of_function(about: Mention, places: Sequence[_FoundAt]) -> MessageClaim:
    """The claim about one function: by the figure that speaks for the whole."""
    best = max(places, key=lambda one: one.score, default=None)
    if best is None:
        return MessageClaim(mentions=(about,), is_of_function=True)
    return replace(_claim(best, (about,)), is_of_function=True)


def _of_figures(
    places: Sequence[_FoundAt], heading: str, vocabulary: Vocabulary
) -> Iterator[MessageClaim]:
    """A claim for each thing beside a figure; what the heading names has those beside nothing."""
    of_heading = tuple(one.mention for one in mentions_in(heading, vocabulary))
    kept: dict[Mention | None, _FoundAt] = {}
    for one in places:
        if (one.figure.at_most and len(places) > 1) or one.is_of_another:
            continue
        mentions = one.mentions or of_heading
        key = mentions[0] if mentions else None
        best = kept.get(key)
        if best is None or _rank(one) > _rank(best):
            kept[key] = one
    named = [one for one in kept if one is not None]
    for key, one in kept.items():
        if key is None and named:
            continue  # of the whole, beside claims that say of what
        yield _claim(one, one.mentions or of_heading)


def _rank(one: _FoundAt) -> tuple[int, int]:
    return one.figure.has_times, one.score


def _claim(place: _FoundAt, mentions: tuple[Mention, ...]) -> MessageClaim:
    figure = place.figure
    return MessageClaim(
        mentions=mentions,
        ratio=figure.ratio,
        before_s=figure.before_s,
        after_s=figure.after_s,
        words=_words_of(mentions[0].name if mentions else place.line),
        older_base=place.older_base,
    )


def _without_figure(heading: str, body: str, vocabulary: Vocabulary) -> MessageClaim:
    """That something is faster: what the heading names, else what the text does.

    Of imports that are deferred it is not they that get faster, but what had them.
    """
    named = [one.mention for one in mentions_in(heading, vocabulary)]
    if not any(one.kind is MentionKind.FUNCTION for one in named):
        named += [one.mention for one in mentions_in(body, vocabulary)]
    if is_deferral(heading) or _DEFERS.search(heading):
        named = [one for one in named if _is_scenario(one, f"{heading}\n{body}")]
    return MessageClaim(mentions=tuple(dict.fromkeys(named)))


def is_deferral(text: str) -> bool:
    """Whether some line is about imports that are deferred or removed."""
    return bool(_DEFERRAL.search(text))


def _is_scenario(one: Mention, text: str) -> bool:
    if one.kind is not MentionKind.IMPORT:
        return one.kind is MentionKind.COMMAND
    return bool(re.search(rf"{re.escape(one.name)}`?\s+import (?:time|cost)", text))


def _words_of(text: str) -> frozenset[str]:
    """Its words in lower case, those inside identifiers too."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return frozenset(re.findall(r"[a-z]{3,}", apart.lower()))
