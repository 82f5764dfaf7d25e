"""What a change has to pass before it is measured, and the part of it that does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property

from bench.core.errors import BenchError
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Environments
from bench.engine.revisions.calls import git
from bench.engine.session.preparation import network_of, subjects
from bench.explain.checks.checks import AlreadyFailing, Checks
from bench.explain.checks.own_tests import OwnTestsCheck
from bench.explain.checks.shrink import passing
from bench.explain.optimize.bugs import keep_bug
from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.record import CheckRecord, ExcludedSite, SiteRecord
from bench.explain.optimize.request import OptimizeRequest
from bench.explain.optimize.scenarios import own_files


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


@dataclass(kw_only=True)
class Prover:
    """Holds changes against the revision as it was; what that does is found out once.

    Scenarios have a network and folders of their own until it is closed.
    """

    request: OptimizeRequest
    interpreter: Interpreter
    environment: Environment
    say: Callable[[str], None]
    phase: Callable[[str], None]
    _stack: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Give back what scenarios run with."""
        self._stack.close()

    @property
    def already_failing(self) -> AlreadyFailing:
        """What fails without any change, as far as that was looked at."""
        return self._checks.already_failing

    def in_house_style(self, proposal: Proposal) -> Proposal:
        """The same proposal, whose texts are as the project would have them written."""
        return replace(
            proposal, rewrite=lambda sites: self._checks.style.settled(proposal.rewrite(sites))
        )

    def prove_quickly(
        self, proposal: Proposal, change: Change, kept: Sequence[Site], commit: str
    ) -> Proved:
        """The part of a change that passes the quick checks on top of the sites kept already.

        `commit` is what the proposal was made for. Raises `BenchError`.
        """
        return self._prove(proposal, change.sites, kept, commit, whole=False)

    def prove_wholly(
        self, proposal: Proposal, sites: Sequence[Site], kept: Sequence[Site], commit: str
    ) -> Proved:
        """The part of sites that passes all checks; raises `BenchError`."""
        return self._prove(proposal, sites, kept, commit, whole=True)

    def _prove(
        self,
        proposal: Proposal,
        sites: Sequence[Site],
        kept: Sequence[Site],
        commit: str,
        *,
        whole: bool,
    ) -> Proved:
        before = self._changed(commit)

        def rewrite(chosen: Collection[Site]) -> Mapping[str, str]:
            try:
                return {**before, **proposal.rewrite([*kept, *chosen])}
            except BenchError:
                raise
            except Exception as error:  # other sites may be written all the same
                words = f"a bug in a recipe: {keep_bug(error, self.request)}"
                self.say(words)
                raise BenchError(words) from error

        found = passing(sites, rewrite, self._checks, whole=whole)
        excluded = tuple(
            ExcludedSite(site=site_record(site), check=one.check, failure=one.words)
            for site, one in found.excluded
        )
        if not found.kept:
            first = next((one for _, one in found.excluded), None)
            return Proved(
                sites=(), texts={}, excluded=excluded, reason=str(first or "nothing to change")
            )
        passed = self._checks.passed(rewrite(found.kept), whole=whole)
        if self._checks.already_failing.tests_reason:  # nothing was proved by them
            passed = tuple(one for one in passed if one.name != OwnTestsCheck.name)
        return Proved(
            sites=tuple(found.kept),
            texts=proposal.rewrite([*kept, *found.kept]),
            excluded=excluded,
            checks=tuple(
                CheckRecord(name=one.name, passed=True, words=one.words, took_s=one.took_s)
                for one in passed
            ),
        )

    def _changed(self, commit: str) -> dict[str, str]:
        """The texts of a commit that are not those of the revision."""
        clone, base = self.request.clone, self.request.revision.identity
        if commit == base:
            return {}
        told = git(clone.path, "diff", "--name-only", "-z", base, commit).stdout
        return {path: clone.text(commit, path) for path in told.split("\0") if path}

    @cached_property
    def _checks(self) -> Checks:
        request, both = self.request, Environments(self.environment, self.environment)
        network = self._stack.enter_context(
            network_of(request.target, request.planned, request.workspace)
        )
        ((subject, _),) = self._stack.enter_context(
            subjects(
                request.target,
                request.planned,
                request.workspace,
                self.interpreter,
                both,
                network,
            )
        )
        return Checks(
            target=request.target,
            revision=request.revision,
            environment=self.environment,
            interpreter=self.interpreter,
            files=own_files(request.clone, self.environment),
            benchmarks=[one.declaration for one in request.planned],
            subject=subject,
            network=network,
            workspace=request.workspace,
            clone=request.clone,
            say=self.say,
            phase=self.phase,
            repo=request.repo,
            others={
                one.version: one.executable
                for one in request.interpreters
                if one.version != self.interpreter.version
            },
        )


def site_record(site: Site) -> SiteRecord:
    """A site as it is stored."""
    return SiteRecord(file=site.file, line=site.line, words=site.words, names=site.names)
