"""A build backend of one file: nothing to fetch, so that environments build without a network.

Copied into every commit of the sample project (PEP 517, `backend-path`), and imported by the tests
to make the wheels of releases.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path
from typing import Any


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    files: dict[str, str],
    **extra: dict[str, str] | list[str],
) -> str:
    """Write a wheel of `files`; `scripts` and `dependencies` as in pyproject.toml."""
    stem = f"{name.replace('-', '_')}-{version}"
    requires = "".join(f"Requires-Dist: {one}\n" for one in extra.get("dependencies", ()))
    scripts = dict(extra.get("scripts", ()))  # type: ignore[arg-type]
    entries = "".join(f"{key} = {value}\n" for key, value in scripts.items())
    info = f"{stem}.dist-info"
    content = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tiny\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{entries}",
    }
    record = "".join(f"{path},sha256={_digest(text)},\n" for path, text in content.items())
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    return wheel.name


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None
) -> str:
    """The hook that builds the project in the working directory."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    how = settings.get("tool", {}).get("tiny", {}).get("build")
    if how == "breaks":
        print("tiny backend: compiling the flux capacitor")
        sys.exit("tiny backend: no plutonium left")
    if how == "hangs":
        subprocess.Popen(["sleep", "4242"])
        time.sleep(4242)
    project = settings["project"]
    root = Path("src") if Path("src").is_dir() else Path()
    files = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for pattern in settings["tool"]["tiny"]["files"]
        for path in sorted(root.glob(pattern))
    }
    return make_wheel(
        Path(wheel_directory),
        project["name"],
        project["version"],
        files,
        scripts=project.get("scripts", {}),
        dependencies=project.get("dependencies", []),
    )
