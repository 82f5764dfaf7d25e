"""Call uv, with a process environment that can't redirect it."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from uv import find_uv_bin

from bench.core.errors import BenchError
from bench.core.process import Finished, run_tool
from bench.core.secrets import without_secrets

# What a build may know of the caller's shell: how to reach a registry or a compiler, where caches
# are. All else stays out: secrets, and variables that change what is chosen or built.
_PASSING = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "SSH_AUTH_SOCK", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "CC", "CXX", "LD", "CARGO_HOME", "RUSTUP_HOME", "PYENV_ROOT",
    "UV_CACHE_DIR", "UV_OFFLINE", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS", "UV_INSECURE_HOST",
    "UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES", "UV_REQUEST_TIMEOUT", "UV_PYTHON_INSTALL_DIR",
    "UV_PYTHON_INSTALL_MIRROR", "UV_KEYRING_PROVIDER", "UV_CONCURRENT_BUILDS",
    "UV_CONCURRENT_DOWNLOADS", "UV_CONCURRENT_INSTALLS",
})  # fmt: skip
# Where packages come from: passed on, and part of what an environment is found by.
_SOURCES = (
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS",
    "UV_NO_INDEX", "UV_INDEX_STRATEGY",
)  # fmt: skip
# In a sandbox the user's folders are read-only: tools of build back ends keep their caches here.
_IN_SANDBOX = {
    "TMPDIR": "/tmp",
    "XDG_CACHE_HOME": "/tmp/cache",
    "CARGO_HOME": "/tmp/cargo",
    "GOPATH": "/tmp/go",
    "npm_config_cache": "/tmp/npm",
}
_CREDENTIALS = re.compile(r"^UV_INDEX_.+_(USERNAME|PASSWORD)$")


CHOOSE_HOME = "Set HOME (or UV_CACHE_DIR and UV_PYTHON_INSTALL_DIR) to folders of your own."
_NO_NETWORK = (
    "dns error", "error sending request", "Could not connect", "client error (Connect)",
)  # fmt: skip


def run_uv_anywhere(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 600.0,
    inside: Sequence[str] = (),
) -> Finished:
    """Run uv; where there is no network, once more with what it has cached."""
    finished = run_uv(*arguments, cwd=cwd, env=env, timeout_s=timeout_s, inside=inside)
    if finished.ok or not any(sign in finished.stderr for sign in _NO_NETWORK):
        return finished
    return run_uv("--offline", *arguments, cwd=cwd, env=env, timeout_s=timeout_s, inside=inside)


def run_uv(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    timeout_s: float = 600.0,
    inside: Sequence[str] = (),
) -> Finished:
    """Run uv (the version this project pins) to its end, `inside` a sandbox's command."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if value and (key in _PASSING or key in _SOURCES or _CREDENTIALS.match(key))
    }
    # What the system trusts, uv shall: a proxy's certificate is known there and nowhere else.
    trusting = {"UV_SYSTEM_CERTS": "true"} if ssl.get_default_verify_paths().cafile else {}
    fixed = {
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
        "UV_PYTHON_PREFERENCE": "system",
        # Copies (reflinks, where the file system has them): as hard links, the same file would be
        # in uv's cache and in every environment. "clone" falls back to hard links.
        "UV_LINK_MODE": "copy",
    }
    command = [find_uv_bin(), *map(str, arguments)]
    variables = trusting | inherited | fixed | (_IN_SANDBOX if inside else {}) | (env or {})
    if inside:
        variables["UV_CACHE_DIR"] = str(uv_cache())
    done = run_tool([*inside, *command], cwd=cwd, env=variables, timeout_s=timeout_s)
    return replace(done, command=tuple(command))  # what people can type again


def uv_cache() -> Path:
    """Where uv keeps packages; made when it is missing."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("UV_CACHE_DIR") or caches / "uv").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(
            f"uv cannot write where it keeps packages: {error}", CHOOSE_HOME
        ) from error
    return folder


def package_sources() -> tuple[str, ...]:
    """What of the user's decides where packages come from, without credentials.

    Variables that choose an index, `NAME=VALUE`, and digests of uv's own settings files.
    """
    variables = [
        f"{name}={without_secrets(os.environ[name])}" for name in _SOURCES if name in os.environ
    ]
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    places = {"user": home / "uv" / "uv.toml", "system": Path("/etc/uv/uv.toml")}
    settings = [
        f"uv.toml of the {whose}: sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}"
        for whose, file in places.items()
        if os.access(file, os.R_OK)
    ]
    return (*variables, *settings)
