"""A recipe that goes wrong: the others go on, and what happened is kept to be reported."""

from __future__ import annotations

import time
import traceback

from bench.core.files import write_atomically
from bench.core.secrets import without_secrets
from bench.explain.optimize.request import OptimizeRequest


def keep_bug(error: Exception, request: OptimizeRequest) -> str:
    """Write the details of an error to the log folder; returns what to say of it."""
    file = request.workspace.logs / f"recipe-{time.strftime('%Y%m%dT%H%M%S')}.txt"
    write_atomically(file, without_secrets("".join(traceback.format_exception(error))))
    return f"{type(error).__name__}: {error}. Please report it with {file}"
