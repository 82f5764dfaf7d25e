"""What a change has to pass before it is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.project import Project
from bench.explain.optimize.record import CheckRecord, ExcludedSite


@dataclass(frozen=True, kw_only=True)
class Proved:
    """The sites of a change that pass, the texts with them, and what was looked at.

    `reason` says why nothing of it is left, where that is so.
    """

    sites: tuple[Site, ...]
    texts: Mapping[str, str]
    excluded: tuple[ExcludedSite, ...] = ()
    checks: tuple[CheckRecord, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Prover:
    """Holds changes of one project against what it was."""

    project: Project

    def prove(self, proposal: Proposal, change: Change, kept: Sequence[Site]) -> Proved:
        """The part of a change that passes on top of the sites that are kept already."""
        texts = proposal.rewrite([*kept, *change.sites])
        failed = _not_compiled(texts)
        if failed:
            return Proved(sites=(), texts={}, reason=failed)
        check = CheckRecord(name="compile", passed=True, words=f"{len(texts)} files compile")
        return Proved(sites=change.sites, texts=texts, checks=(check,))


def _not_compiled(texts: Mapping[str, str]) -> str:
    for path, text in texts.items():
        try:
            compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return f"compile: {path}: {error}"
    return ""
