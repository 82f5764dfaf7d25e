"""Make `.venv` with the uv and nox that uv.lock pins, with nothing but Python 3.11 and a network.

Debian's python3 comes without pip and ensurepip, so this fetches uv's wheel itself (address and
hash from uv.lock), and lets uv do the rest. Run by the Makefile; safe to run again.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"


def main() -> int:
    """Bootstrap; returns the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 - that is what is checked here
        found = platform.python_version()
        return _fail(f"Python 3.11 or newer is needed, this is {found} (make PYTHON=python3.12 …).")
    with tempfile.TemporaryDirectory() as folder:
        try:
            uv = _fetch_uv(Path(folder))
        except (OSError, urllib.error.URLError) as error:
            return _fail(f"uv could not be fetched from the package index: {error}")
        # The system's certificates, as for the download above: a proxy's are among them.
        environment = {"UV_SYSTEM_CERTS": "true", **os.environ, "UV_PROJECT_ENVIRONMENT": str(VENV)}
        environment.pop("VIRTUAL_ENV", None)
        commands: list[list[str | Path]] = [
            [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, VENV],
            [uv, "sync", "--quiet", "--frozen", "--inexact", "--only-group", "tools",
             "--python", VENV / "bin" / "python"],
        ]  # fmt: skip
        for command in commands:
            if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
                return _fail("uv could not make .venv; its message is above.")
    return 0


def _fetch_uv(folder: Path) -> Path:
    wheel = _wheel_for_this_machine()
    with urllib.request.urlopen(wheel["url"], timeout=120) as answer:
        content: bytes = answer.read()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest != wheel["hash"]:
        raise OSError(f"{wheel['url']} has hash {digest}, but uv.lock says {wheel['hash']}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        uv = folder / "uv"
        uv.write_bytes(archive.read(member))
    uv.chmod(0o755)
    return uv


def _wheel_for_this_machine() -> dict[str, str]:
    import tomllib  # noqa: PLC0415 - not there before Python 3.11, which has its own message

    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    package = next(package for package in lock["package"] if package["name"] == "uv")
    system = {"Linux": "manylinux", "Darwin": "macosx"}.get(platform.system(), "")
    if system == "manylinux" and not platform.libc_ver()[0]:
        system = "musllinux"
    machines = (platform.machine(), {"arm64": "aarch64"}.get(platform.machine(), ""))
    for wheel in package["wheels"]:
        tags = wheel["url"].rpartition("/")[2]
        if system and system in tags and any(machine and machine in tags for machine in machines):
            found: dict[str, str] = wheel
            return found
    raise OSError(f"uv has no wheel for {platform.system()} on {platform.machine()}")


def _fail(message: str) -> int:
    print(f"bootstrap: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
