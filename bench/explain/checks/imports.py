"""Every module imports alone as it did."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.explain.checks.breakage import Attempt, Breakage, Cause, names_in
from bench.explain.checks.survey import BeforeAfter, ImportSurvey
from bench.formats.text import counted


@dataclass
class ImportsCheck:
    """The same outcome in a fresh interpreter: it goes well, or ends in the same way.

    What did not import before may do so now.
    """

    survey: ImportSurvey
    name: str = "imports"
    seen: str = field(default="", init=False)

    def failure(self, attempt: Attempt) -> Breakage | None:
        """The first module that ends in another way."""
        found = self.survey.problems(attempt, _problems)
        count = len(self.survey.both(attempt))
        many = counted(count, "module imports", "modules import")
        self.seen = f"{many} alone in a fresh interpreter as before"
        if not found:
            return None
        return Breakage.of(self.name, found, sure=False)


def _problems(one: BeforeAfter) -> tuple[Cause, ...]:
    before, after = one.before, one.after
    if not after.outcome or after.outcome == before.outcome:
        return ()
    was = f"ended in {before.outcome} before" if before.outcome else "went well before"
    said = f" ({after.detail})" if after.detail else ""
    words = f"import of {one.module} alone ({one.file}): {after.outcome}{said}; it {was}"
    return (Cause(file=one.file, names=names_in(after.detail), words=words),)
