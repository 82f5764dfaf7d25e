"""What the small services have in common: a distance in the path, and how they are served."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

_DISTANT = re.compile(r"/after-(\d{1,5})ms(?=/)")


async def after_distance(path: str) -> str:
    """Wait as long as the path's `/after-20ms` says, if it has one; returns the rest of it."""
    distant = _DISTANT.match(path)
    if distant is None:
        return path
    await asyncio.sleep(int(distant[1]) / 1000)
    return path[distant.end() :]


def serve(application: Callable[[Path], Starlette]) -> None:
    """Serve a folder on a port of the loopback interface, both named on the command line."""
    uvicorn.run(
        application(Path(sys.argv[1])),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
    )
