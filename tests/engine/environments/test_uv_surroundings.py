"""What of the caller's shell reaches uv and the builds it runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.uv import package_sources, run_uv

_TELL = "import json, os; print(json.dumps(dict(os.environ)))"


def test_builds_see_no_secrets_and_no_settings(
    interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "UV_OVERRIDE", "UV_RESOLUTION",
                 "UV_CONSTRAINT", "UV_PRERELEASE", "PIP_INDEX_URL", "PYTHONPATH"):  # fmt: skip
        monkeypatch.setenv(name, "planted")
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:9")
    told = run_uv(
        "run", "--offline", "--no-project", "--python", interpreter.executable,
        "python", "-c", _TELL,
    )  # fmt: skip
    seen = json.loads(told.stdout)
    assert "planted" not in seen.values()
    assert seen["HTTPS_PROXY"] == "http://localhost:9"


def test_where_packages_come_from_is_part_of_an_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert package_sources() == ()
    (tmp_path / "uv").mkdir()
    settings = tmp_path / "uv" / "uv.toml"
    settings.write_text('resolution = "lowest"\n', encoding="utf-8")
    (digest,) = package_sources()
    assert digest.startswith("uv.toml of the user: sha256 ")
    settings.unlink()
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://me:planted@localhost/simple")
    assert package_sources() == ("UV_DEFAULT_INDEX=https://localhost/simple",)
