"""What isolates processes in tests: without a sandbox they see all files that a test makes."""

from pathlib import Path

import pytest

from bench.core.workspace import find_workspace
from bench.engine.sandbox.folders import give
from bench.engine.sandbox.isolation import Isolation, isolate

BARE = isolate(find_workspace(), bare_because="a test")
OPEN = isolate(find_workspace(), bare_because="a test", open_because="a test")


def sandboxed(folder: Path) -> Isolation:
    """A sandbox whose processes may write to a folder; skips the test where there is none."""
    isolation = isolate(find_workspace())
    if isolation.sandbox is None:
        pytest.skip(isolation.description)
    give(folder, isolation.sandbox.owner)
    return isolation
