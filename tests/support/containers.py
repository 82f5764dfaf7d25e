"""A container engine with a storage of the tests' own, an image to start from without a registry,
and a repository whose revisions are images."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.core.lock import exclusive
from support.sample_project import Repository

BASE = "localhost/bench-test-base:latest"
_NOT_NEEDED = {"test", "tests", "idlelib", "tkinter", "site-packages", "ensurepip", "lib2to3",
               "turtledemo", "pydoc_data", "unittest", "sqlite3", "curses"}  # fmt: skip


@dataclass(frozen=True)
class Storage:
    """podman with its own images: `environ` leads it, and what it is called by, there."""

    environ: dict[str, str]

    def podman(self, *words: str) -> str:
        """What a command of podman's says; fails when that does."""
        done = subprocess.run(
            ["podman", *words], env=os.environ | self.environ, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def left(self) -> dict[str, set[str]]:
        """All containers, volumes and images that there are."""
        return {
            "containers": set(self.podman("ps", "--all", "--quiet").split()),
            "volumes": set(self.podman("volume", "ls", "--quiet").split()),
            "images": set(self.podman("images", "--all", "--quiet").split()),
        }

    def remove_all(self) -> None:
        """Remove what is left, mounts too: pytest could not remove the folder."""
        self.podman("rm", "--all", "--force", "--time", "0")
        self.podman("volume", "prune", "--force")
        self.podman("rmi", "--all", "--force")


def find_storage(own: Path, shared: Path) -> Storage | str:
    """podman with a base image that runs, in a worker's own folder; or why there is none."""
    if shutil.which("podman") is None:
        return "podman is not on this machine (apt-get install podman runc)"
    if os.geteuid() != 0:
        return "the tests' own storage needs root"
    base = shared / "base.tar"
    with exclusive(shared / "base.lock", wait=True):
        if not base.exists():
            _remove_stale()
            make_base(base.with_suffix(".part"))
            base.with_suffix(".part").rename(base)
    folder = own / "containers"
    storage = Storage(
        {
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        }
    )
    _configure(folder, _short(own))
    try:
        storage.podman("import", str(base), BASE)
        storage.podman("run", "--rm", "--network=none", BASE, "python3", "-c", "")
    except AssertionError as error:
        return f"no container starts here: {error}"[:300]
    return storage


def _short(own: Path) -> Path:
    """Where podman's sockets are, and what tells of a container's end: it fails on long paths."""
    name = hashlib.sha256(str(own).encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir(), f"bench-{name}")


def _remove_stale() -> None:
    """Remove what earlier sessions left there, whose own folders pytest has removed since."""
    for owner in Path(tempfile.gettempdir()).glob("bench-????????/owner"):
        ours = owner.stat().st_uid == os.geteuid()
        if ours and not Path(owner.read_text()).exists():
            shutil.rmtree(owner.parent, ignore_errors=True)


def _configure(folder: Path, short: Path) -> None:
    folder.mkdir()
    short.mkdir(exist_ok=True)
    (short / "owner").write_text(str(folder))
    # A machine may not be allowed to raise limits, which is podman's default.
    limits = 'default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]'
    (folder / "containers.conf").write_text(
        f'[containers]\n{limits}\n[engine]\ntmp_dir = "{short / "tmp"}"\n'
    )
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder / "images"}"\n'
        f'runroot = "{short / "run"}"\n[storage.options.overlay]\nskip_mount_home = "true"\n'
    )


def make_base(file: Path) -> None:
    """A root file system with this Python and a shell, out of this machine's own files."""
    python, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    extensions = [one for one in library.glob("lib-dynload/*.so") if "_test" not in one.name]
    shell = Path("/bin/sh").resolve()
    with tarfile.open(file, "w") as tar:
        for needed in sorted(_libraries(python, shell, *extensions)):
            tar.add(Path(needed).resolve(), needed.lstrip("/"))
        tar.add(python, str(python).lstrip("/"))
        tar.add(shell, "bin/sh")
        tar.add(library, str(library).lstrip("/"), filter=_needed)
        _entry(tar, "usr/bin/python3", link=str(python))
        _entry(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        _entry(tar, "tmp", folder=0o1777)


def _libraries(*files: Path) -> set[str]:
    listed = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False)
    return set(re.findall(r"(/\S+) \(0x", listed.stdout))


def _needed(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    parts = set(Path(member.name).parts)
    wanted = not parts & _NOT_NEEDED and "/config-" not in member.name
    return member if wanted and not member.name.endswith((".opt-1.pyc", ".opt-2.pyc")) else None


def _entry(
    tar: tarfile.TarFile, name: str, text: str = "", *, link: str = "", folder: int = 0
) -> None:
    entry = tarfile.TarInfo(name)
    if folder:
        entry.type, entry.mode = tarfile.DIRTYPE, folder
    elif link:
        entry.type, entry.linkname = tarfile.SYMTYPE, link
    entry.size = len(text)
    tar.addfile(entry, io.BytesIO(text.encode()))


DEFINITION = """\
ARG BASE
FROM ${BASE}
RUN echo set up > /set-up
COPY greet /app/greet
WORKDIR /app
CMD ["python3", "-m", "greet"]
"""

# `greet` says that it is ready and serves until it is told to stop; `greet once` ends.
_MAIN = """\
import http.server
import signal
import sys

import greet.needs


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready to greet", flush=True)
if "once" not in sys.argv:
    http.server.HTTPServer(("127.0.0.1", 8080), Healthy).serve_forever()
"""

_HANGS = "import time\ntime.sleep(4243)\n"
_DIES = 'raise SystemExit("greet: no words today")\n'


def make_images(folder: Path) -> Repository:
    """v1 (whose import takes half a second) and v2 on main, and a branch for each thing that fails:
    no-definition, broken-build, no-module, hangs, dies."""
    made = Repository.create(folder)
    files = {"Dockerfile": DEFINITION, "greet/__init__.py": "", "greet/__main__.py": _MAIN}
    made.commit(files | {"greet/needs.py": "import time\ntime.sleep(0.5)\n"}, "v1", tag="v1")
    made.commit(files | {"greet/needs.py": ""}, "v2", tag="v2")
    fast = files | {"greet/needs.py": ""}
    branches: dict[str, dict[str, str | None]] = {
        "no-definition": {"Dockerfile": None},
        "broken-build": {"Dockerfile": f"{DEFINITION}RUN echo all is well && exit 3\n"},
        "no-module": {"Dockerfile": DEFINITION.replace("WORKDIR /app", "WORKDIR /elsewhere")},
        "hangs": {"greet/__main__.py": _HANGS},
        "dies": {"greet/__main__.py": _DIES},
    }
    for branch, changed in branches.items():
        made.branch(branch, "v2")
        content = {name: text for name, text in (fast | changed).items() if text is not None}
        made.commit(content, branch)
    made.git("checkout", "--quiet", "main")
    return made
