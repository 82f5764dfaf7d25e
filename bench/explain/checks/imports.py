"""Every module imports alone as it did."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.explain.checks.breakage import Attempt, Breakage
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
        found = self.survey.first(attempt, self._problem)
        count = len(self.survey.both(attempt))
        self.seen = f"{counted(count, 'module')} alone in a fresh interpreter import as before"
        return found

    def _problem(self, one: BeforeAfter) -> Breakage | None:
        before, after = one.before, one.after
        if not after.outcome or after.outcome == before.outcome:
            return None
        was = f"ended in {before.outcome} before" if before.outcome else "went well before"
        said = f" ({after.detail})" if after.detail else ""
        return Breakage(
            check=self.name,
            words=f"import of {one.module} alone ({one.file}): {after.outcome}{said}; it {was}",
            files=(one.file,),
            said=after.detail,
        )
