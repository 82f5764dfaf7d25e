"""Places and tools of the tests of ansible/ and infra/."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
ANSIBLE = ROOT / "ansible"
VM_MANAGE = ROOT / "infra" / "vm-manage.sh"
CLOUD_INIT = ROOT / "infra" / "cloud-init.yaml"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A process environment with this Python's tools first, and a home of its own."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    # The folder the interpreter was started from, not where its link leads: the tools are there.
    tools = str(Path(sys.executable).parent)
    return inherited | {
        "PATH": os.pathsep.join([tools, inherited.get("PATH", "")]),
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
        **more,
    }


def archive_of(files: Mapping[str, str]) -> bytes:
    """A tar.gz with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()
