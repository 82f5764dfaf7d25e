"""infra/cloud-init.yaml: what cloud-init itself says of it, and what its schema lets through."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.infrastructure import CLOUD_INIT, VM_MANAGE, environment

# Top-level keys this file may use. cloud-init's schema lets a misspelled one through, and its
# programs then pass over it in silence.
KNOWN = {
    "disable_root",
    "locale",
    "manage_etc_hosts",
    "package_update",
    "packages",
    "power_state",
    "runcmd",
    "ssh_pwauth",
    "users",
    "write_files",
}


def rendered(folder: Path, *options: str) -> str:
    """As the machine gets it."""
    key = folder / "key"
    key.with_suffix(".pub").write_text("ssh-ed25519 AAAA|b&c/d\\e me@here\n", encoding="utf-8")
    done = subprocess.run(
        [VM_MANAGE, "cloud-init", "--key", key, *options],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def written(document: dict[str, Any], path: str) -> str:
    (content,) = [one["content"] for one in document["write_files"] if one["path"] == path]
    assert isinstance(content, str)
    return content


def users(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Accounts by name, without the cloud's own."""
    return {one["name"]: one for one in document["users"] if isinstance(one, dict)}


def test_its_top_level_keys_are_cloud_inits() -> None:
    text = CLOUD_INIT.read_text(encoding="utf-8")
    assert text.startswith("#cloud-config\n")
    assert set(yaml.safe_load(text)) <= KNOWN


def test_cloud_init_accepts_it(tmp_path: Path) -> None:
    if shutil.which("cloud-init") is None:
        pytest.skip("the cloud-init tool is not on this machine (apt-get install cloud-init)")
    given = tmp_path / "user-data"
    for text in (CLOUD_INIT.read_text(encoding="utf-8"), rendered(tmp_path)):
        given.write_text(text, encoding="utf-8")
        done = subprocess.run(
            ["cloud-init", "schema", "-c", given], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_placeholders_are_filled_in_whatever_they_hold(tmp_path: Path) -> None:
    variables = tmp_path / "variables.yml"
    variables.write_text('python_versions: ["3.13"]\npin_isolate: false\n', encoding="utf-8")
    text = rendered(
        tmp_path, "--repository", "https://host/a|b&c.git", "--revision", "v1.0",
        "--variables", str(variables),
    )  # fmt: skip
    document = yaml.safe_load(text)
    assert "@SSH_KEY@" not in text
    for user in users(document).values():
        assert user["ssh_authorized_keys"] == ["ssh-ed25519 AAAA|b&c/d\\e me@here"]
    settings = written(document, "/etc/bench/provision.env")
    assert "REPOSITORY='https://host/a|b&c.git'" in settings
    assert "REVISION='v1.0'" in settings
    wanted = {"repos_url": "https://host/a|b&c.git", "repos_version": "v1.0"}
    assert yaml.safe_load(written(document, "/etc/bench/repository.yml")) == wanted
    assert written(document, "/etc/bench/variables.yml") == variables.read_text(encoding="utf-8")
    plain = yaml.safe_load(rendered(tmp_path))
    assert yaml.safe_load(written(plain, "/etc/bench/variables.yml")) == {}


def test_the_account_that_measures_has_no_sudo_and_variables_are_roots(tmp_path: Path) -> None:
    document = yaml.safe_load(rendered(tmp_path))
    accounts = users(document)
    assert set(accounts) == {"bench", "bench-admin"}
    assert not {"sudo", "doas", "groups"} & set(accounts["bench"])
    assert accounts["bench-admin"]["sudo"]
    modes = {one["path"]: one["permissions"] for one in document["write_files"]}
    variables = {path for path in modes if path.startswith("/etc/bench/")}
    assert len(variables) == 3
    assert {modes[path] for path in variables} == {"0600"}
    # Root runs nothing that lies where this account may write.
    assert "/home/bench" not in written(document, "/usr/local/sbin/bench-provision")


def test_its_script_is_a_clean_one(tmp_path: Path) -> None:
    document = yaml.safe_load(rendered(tmp_path))
    script = tmp_path / "bench-provision"
    script.write_text(written(document, "/usr/local/sbin/bench-provision"), encoding="utf-8")
    done = subprocess.run(
        ["shellcheck", "--exclude=SC1091", script],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
