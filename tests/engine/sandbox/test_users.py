"""The same sandbox for root and for any other account."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from support.bare import sandboxed

from bench.engine.sandbox.access import Access
from bench.engine.sandbox.bubblewrap import NOBODY

AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@pytest.mark.skipif(os.geteuid() != 0, reason="as any other account all tests are of this case")
def test_network_is_cut_off_for_others_than_root(tmp_path: Path) -> None:
    found = sandboxed(tmp_path).sandbox
    assert found is not None
    sandbox = replace(found, as_root=False, hidden=())
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = ("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{server.getsockname()[1]}")
        reached = [
            subprocess.run(
                [*AS_NOBODY, *sandbox.prefix(Access(), network=network), *connect],
                cwd="/", capture_output=True, text=True, check=False,
            )
            for network in (True, False)
        ]  # fmt: skip
    if "bwrap" in reached[0].stderr:
        pytest.skip(f"no sandbox for other accounts here: {reached[0].stderr}")
    assert [one.returncode for one in reached] == [0, 1], reached
    assert "Connection refused" in reached[1].stderr
