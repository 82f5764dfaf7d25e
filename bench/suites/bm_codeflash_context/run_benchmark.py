"""codeflash collecting the code that a model needs to see: a function, and what it depends on.

One call of ``get_code_optimization_context`` finds the helpers of one function of the pinned corpus
with jedi, cuts the modules down with libcst in four ways, adds the imports they need, and counts
tokens. libcst takes about two thirds of it. The first call, before anything is timed, fills what
stays in memory afterwards: parso's and jedi's caches, and codeflash's. jedi asks a child process
about compiled modules, which wall time contains and this thread's CPU time does not.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pyperf
from codeflash.discovery.functions_to_optimize import FunctionToOptimize
from codeflash.languages.python.context.code_context_extractor import get_code_optimization_context

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.corpus import PACKAGE, ROOT

HELPERS = {"parcel.labels.check_digit", "parcel.errors.ParcelError.__init__"}
WRITABLE = ("def verify(", "def check_digit(", "WEIGHTS = (3, 1)", "raise ParcelError(number)")
UNRELATED = ("def spaced(", "class NoRouteError", "class TooLargeError")


def check(context: Any) -> None:  # noqa: ANN401
    """Refuse to time a context with something missing, or with everything in it."""
    code = context.read_writable_code.markdown
    wrong = [text for text in WRITABLE if text not in code]
    wrong += [text for text in UNRELATED if text in code]
    if "def verify(" not in context.testgen_context.markdown:
        wrong.append("the context for tests")
    names = {helper.fully_qualified_name for helper in context.helper_functions}
    if wrong or not names >= HELPERS:
        msg = f"context is wrong in {wrong}, helpers {sorted(names)}"
        raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    logging.disable(logging.INFO)
    function = FunctionToOptimize("verify", PACKAGE / "labels.py", [])
    check(get_code_optimization_context(function, ROOT))
    runner = pyperf.Runner()
    runner.metadata["description"] = "codeflash: context of one function of the corpus"
    runner.bench_func("codeflash_context", get_code_optimization_context, function, ROOT)


if __name__ == "__main__":
    main()
