"""Find a container engine that works here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from bench.core.errors import UsageError
from bench.core.process import Finished, run_tool

PODMAN, DOCKER = "podman", "docker"
_INSTALL = {
    PODMAN: "apt-get install podman",
    DOCKER: "https://docs.docker.com/engine/install/",
}
# What an engine reads to find its storage, its daemon and registries; nothing else is handed on.
_VARIABLES = (
    "PATH", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF", "CONTAINERS_REGISTRIES_CONF", "REGISTRY_AUTH_FILE", "DOCKER_HOST",
    "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "HTTP_PROXY",
    "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
_ASK = {
    PODMAN: ("info", "--format", "{{.Version.Version}}"),
    DOCKER: ("version", "--format", "{{.Server.Version}}"),
}


@dataclass(frozen=True)
class ContainerEngine:
    """A container engine's command line, and the variables it gets."""

    name: str
    program: str
    version: str
    env: Mapping[str, str]

    def run(self, *words: str, timeout_s: float = 120.0, tidies: bool = False) -> Finished:
        """Run one of its commands to the end; what `tidies` runs after an interruption too."""
        return run_tool([self.program, *words], env=self.env, timeout_s=timeout_s, tidies=tidies)


def find_engine(wanted: str = "auto") -> ContainerEngine:
    """The engine of a name, or the first of podman and docker that answers.

    podman comes first: without a daemon, the CPU time of a container can be accounted for, and it
    sees the network of a session. Raises `UsageError` with each one's reason when none answers.
    """
    reasons = []
    for name in (PODMAN, DOCKER) if wanted == "auto" else (wanted,):
        found = _try(name)
        if isinstance(found, ContainerEngine):
            return found
        reasons.append(found)
    raise UsageError(
        f"No container engine can be used. {' '.join(reasons)}",
        'The key engine in a target\'s [container] ("podman" or "docker") chooses one.',
    )


def _try(name: str) -> ContainerEngine | str:
    """The engine, or a sentence that says why not."""
    program = shutil.which(name)
    if program is None:
        return f"{name} is not on this machine ({_INSTALL[name]})."
    env = {key: os.environ[key] for key in _VARIABLES if key in os.environ} | {"LC_ALL": "C.UTF-8"}
    try:
        asked = run_tool([program, *_ASK[name]], env=env, timeout_s=60)
    except OSError as error:
        return f"{name} cannot be started: {error.strerror}."
    version = asked.stdout.strip()
    if not asked.ok or not version:
        how = "no answer within 60 s" if asked.status is None else asked.last_lines(1)
        return f"{name} does not work: {how.rstrip('.')}."
    return ContainerEngine(name, program, version, env)
