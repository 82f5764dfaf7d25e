"""Ask an environment, in its own interpreter, which files it imports."""

from __future__ import annotations

import json
from pathlib import Path

from bench.core.environment import Provenance
from bench.core.errors import BuildError
from bench.core.process import run_tool
from bench.engine.environments.clean import subject_environment

# Runs in the subject's interpreter: standard library only, one line of JSON.
_PROBE = r"""
import base64, csv, hashlib, importlib, importlib.metadata as metadata
import json, os, platform, re, sys
distribution_name, module_name = sys.argv[1:]
module = importlib.import_module(module_name)
distribution = metadata.distribution(distribution_name)
damaged = []
# Not `distribution.files`, which leaves out those that are missing.
for name, said, _ in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
    if not said.startswith("sha256="):
        continue
    try:
        digest = hashlib.sha256(open(distribution.locate_file(name), "rb").read()).digest()
    except OSError:
        damaged.append(name); continue
    if base64.urlsafe_b64encode(digest).decode().rstrip("=") != said[7:]:
        damaged.append(name)
canonical = lambda name: re.sub(r"[-_.]+", "-", name).lower()
print(json.dumps({
    "python": platform.python_version(),
    "implementation": platform.python_implementation(),
    "compiler": platform.python_compiler(),
    "prefix": sys.prefix,
    "base_executable": os.path.realpath(sys.executable),
    "module_file": getattr(module, "__file__", None) or "",
    "version": distribution.version,
    "record_sha256": hashlib.sha256((distribution.read_text("RECORD") or "").encode()).hexdigest(),
    "damaged": sorted(damaged),
    "local": sorted(canonical(d.metadata["Name"]) for d in metadata.distributions()
                    if '"dir_info"' in (d.read_text("direct_url.json") or "")),
    "packages": {canonical(d.metadata["Name"]): d.version for d in metadata.distributions()},
    "safe_path": sys.flags.safe_path,
    "user_site": bool(sys.flags.no_user_site) is False,
}))
"""


_AS_SAID = (
    "python",
    "implementation",
    "compiler",
    "base_executable",
    "version",
    "record_sha256",
    "packages",
)


def prove(venv: Path, distribution: str, module: str, own: dict[str, str]) -> Provenance:
    """Prove what `import module` means in an environment.

    The module's file must lie inside the environment, and every installed file of the distribution
    must have the hash its RECORD gives. Raises `BuildError` when the proof fails.
    """
    python = venv / "bin" / "python"
    neutral = venv.parent
    finished = run_tool(
        [python, "-c", _PROBE, distribution, module],
        cwd=neutral,
        env=subject_environment(venv, neutral, own),
        timeout_s=120,
    )
    answers = [line for line in finished.stdout.splitlines() if line.startswith('{"python": ')]
    if not finished.ok or not answers:
        raise BuildError(
            f"{module!r} can't be imported in its own environment:\n{finished.last_lines(8)}",
            "Is `module` in the target's TOML file the name that is imported?",
        )
    said = json.loads(answers[-1])
    _check(venv, said, module)
    return Provenance(
        module_file=str(Path(said["module_file"]).relative_to(venv)),
        local=tuple(said["local"]),
        **{field: said[field] for field in _AS_SAID},
    )


def _check(venv: Path, said: dict[str, object], module: str) -> None:
    file = Path(str(said["module_file"]))
    if not file.is_relative_to(venv) or said["prefix"] != str(venv):
        raise BuildError(f"`import {module}` takes {file}, which is outside {venv}.")
    if said["damaged"]:
        raise BuildError(
            f"Installed files were changed after they were installed: {said['damaged']}.",
            "Remove the environment (`.venv/bin/nox -s clean`) and run again.",
        )
    if not said["safe_path"] or said["user_site"]:
        raise BuildError("The interpreter ignores PYTHONSAFEPATH or PYTHONNOUSERSITE.")
