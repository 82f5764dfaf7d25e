"""Call uv, with a process environment that can't redirect it."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from uv import find_uv_bin

from bench.core.process import Finished, run_tool
from bench.engine.revisions.calls import REDIRECTING

_REDIRECTING = REDIRECTING | {
    "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON",
}  # fmt: skip


_NO_NETWORK = (
    "dns error", "error sending request", "Could not connect", "client error (Connect)",
)  # fmt: skip


def run_uv_anywhere(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 600.0,
) -> Finished:
    """Run uv; where there is no network, once more with what it has cached."""
    finished = run_uv(*arguments, cwd=cwd, env=env, timeout_s=timeout_s)
    if finished.ok or not any(sign in finished.stderr for sign in _NO_NETWORK):
        return finished
    return run_uv("--offline", *arguments, cwd=cwd, env=env, timeout_s=timeout_s)


def run_uv(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 600.0,
) -> Finished:
    """Run uv (the version this project pins) to its end."""
    inherited = {key: value for key, value in os.environ.items() if key not in _REDIRECTING}
    # What the system trusts, uv shall: a proxy's certificate is known there and nowhere else.
    trusting = {"UV_SYSTEM_CERTS": "true"} if ssl.get_default_verify_paths().cafile else {}
    quiet = {"UV_NO_PROGRESS": "1", "NO_COLOR": "1", "UV_PYTHON_PREFERENCE": "system"}
    command = [find_uv_bin(), *map(str, arguments)]
    variables = trusting | inherited | quiet | (env or {})
    return run_tool(command, cwd=cwd, env=variables, timeout_s=timeout_s)
