"""Check a commit out beside its clone: the whole commit, or an error that names what is missing.

A repository that borrows the clone's objects, not a `git worktree`: nothing is written to a
repository that may be the user's own, and tags are there for versions computed from them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from bench.core.errors import UsageError
from bench.core.files import write_atomically
from bench.core.printable import printable
from bench.engine.revisions.calls import git, git_remote, must

_NETWORK_S = 1800
_SUBMODULE = "160000"  # the mode of its entry in a tree
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def check_out(source: Path, commit: str, folder: Path, excludes: Sequence[str] = ()) -> None:
    """Check a commit of the repository at `source` out into a new folder, submodules included.

    Files that match `excludes` stay out of the work tree without making it dirty. Raises
    `UsageError` when a file, a submodule or the content of a Git LFS pointer can't be had.
    """
    _begin(source, folder)
    _fill_work_tree(source, commit, folder, excludes)


@dataclass(frozen=True)
class StoredTree:
    """A tree whose objects lie in a folder of their own, and the commit that it was changed from.

    Checked out it is that commit with this tree in the place of its own: its parents, its dates and
    its tags, so that a version computed from them is as long as the commit's.
    """

    tree: str
    commit: str
    objects: Path

    def put_into(self, folder: Path) -> str:
        """Write it as a commit to a repository, which borrows the objects; returns its hash."""
        about = must(git(folder, "log", "-1", "--format=%P%n%aI%n%cI", self.commit)).stdout
        parents, author_date, date = about.rstrip("\n").split("\n")
        who = {
            f"GIT_{role}_{what}": "bench"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        who |= {"GIT_AUTHOR_DATE": author_date, "GIT_COMMITTER_DATE": date}
        above = [word for one in parents.split() for word in ("-p", one)]
        words = ("commit-tree", "--no-gpg-sign", *above, "-m", "The working tree", self.tree)
        made = must(git(folder, *words, variables=who)).stdout.strip()
        told = git(
            folder, "for-each-ref", "--points-at", self.commit,
            "--format=%(refname:strip=2) %(taggerdate:iso-strict)", "refs/tags",
        )  # fmt: skip
        for line in must(told).stdout.splitlines():
            name, _, tagged = line.partition(" ")
            annotated = ["-a", "-m", name] if tagged else []
            chosen = ["--force", "--no-sign", *annotated, "--", name, made]
            must(git(folder, "tag", *chosen, variables=who | {"GIT_COMMITTER_DATE": tagged}))
        return made


def check_out_tree(
    source: Path, stored: StoredTree, folder: Path, excludes: Sequence[str] = ()
) -> None:
    """The same for a tree that no commit of the repository has."""
    _begin(source, folder, stored.objects)
    _fill_work_tree(source, stored.put_into(folder), folder, excludes)


def _begin(source: Path, folder: Path, *objects: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    must(git(None, "init", "--quiet", folder))
    _borrow(source, folder, objects)


def _fill_work_tree(source: Path, commit: str, folder: Path, excludes: Sequence[str]) -> None:
    if excludes:
        patterns = ["/*", *(f"!{pattern}" for pattern in excludes)]
        must(git(folder, "sparse-checkout", "set", "--no-cone", *patterns))
    checked_out = git_remote(
        folder, "checkout", "--quiet", "--detach", commit, timeout_s=_NETWORK_S
    )
    if not _is_partial(source):  # of a partial clone, what is missing is named below
        must(checked_out)
    _check_files(source, commit, folder)
    _check_large_files(source, folder)
    _fill_submodules(source, folder)


def _borrow(source: Path, folder: Path, others: Sequence[Path] = ()) -> None:
    """Objects, tags, the places where history was cut off, and where missing objects come from."""
    objects = "".join(f"{one}\n" for one in (_place(source, "objects"), *others))
    write_atomically(folder / ".git" / "objects" / "info" / "alternates", objects)
    shallow = _place(source, "shallow")
    if shallow.exists():
        shutil.copyfile(shallow, folder / ".git" / "shallow")
    form = "create %(refname) %(objectname)"
    tags = must(git(source, "for-each-ref", f"--format={form}", "refs/tags")).stdout
    packed = [f"{line.split()[2]} {line.split()[1]}" for line in tags.splitlines()]
    write_atomically(folder / ".git" / "packed-refs", "".join(f"{line}\n" for line in packed))
    url = _setting(source, "remote.origin.url")
    if url:
        must(git(folder, "config", "remote.origin.url", url))
    if _is_partial(source):
        for key, value in (
            ("core.repositoryFormatVersion", "1"),
            ("extensions.partialClone", "origin"),
            ("remote.origin.promisor", "true"),
            ("remote.origin.partialCloneFilter", "blob:none"),
        ):
            must(git(folder, "config", key, value))
    large = _place(source, "lfs")
    if large.is_dir():
        must(git(folder, "config", "lfs.storage", large))


def _place(source: Path, name: str) -> Path:
    """Where a repository keeps something, also when it is bare or a linked worktree."""
    told = must(git(source, "rev-parse", "--path-format=absolute", "--git-path", name))
    return Path(told.stdout.strip())


def _setting(source: Path, name: str) -> str:
    return git(source, "config", "--get", name).stdout.strip()


def _is_partial(source: Path) -> bool:
    """Whether objects were left out when it was cloned (`--filter`), to be fetched when needed."""
    return _setting(source, "remote.origin.promisor") == "true"


def _check_files(source: Path, commit: str, folder: Path) -> None:
    """Every file of the commit is there as committed. git may fail to write some and end well."""
    listed = git(folder, "status", "--porcelain", "-z", "--ignore-submodules=all")
    at = git(folder, "rev-parse", "--verify", "--quiet", "HEAD").stdout.strip()
    wrong = [] if listed.ok and at == commit else ["everything"]
    for entry in listed.stdout.split("\0"):
        state, path = entry[:2], entry[3:]
        if path and not (state == " M" and _as_committed(folder, path)):
            wrong.append(path)
    if not wrong:
        return
    words = f"Files of commit {commit[:10]} are missing in its checkout: {', '.join(wrong[:5])}."
    if _is_partial(source):
        raise UsageError(
            f"{words} {source} is a partial clone (made with --filter), and its origin did not "
            "send what is missing.",
            "Check the network, or name a full clone with --repo PATH.",
        )
    raise UsageError(words, f"`git -C {source} fsck` tells whether the clone is damaged.")


def _as_committed(folder: Path, path: str) -> bool:
    """Whether a file that counts as modified has the committed bytes.

    So it is where a repository's own attributes ask for other line ends than were committed.
    """
    committed = git(folder, "rev-parse", f"HEAD:{path}").stdout.strip()
    found = git(folder, "hash-object", "--no-filters", "--", path).stdout.strip()
    return bool(committed) and committed == found


def _check_large_files(source: Path, folder: Path) -> None:
    listed = git(folder, "ls-files", "-z", ":(attr:filter=lfs)")
    files = [folder / name for name in listed.stdout.split("\0") if name]
    pointers = [file for file in files if file.is_file() and _is_pointer(file)]
    if pointers:
        first = pointers[0].relative_to(folder)
        raise UsageError(
            f"{len(pointers)} files are kept in Git LFS, and only their pointers are here (first: "
            f"{first}).",
            f"Install git-lfs and run `git -C {source} lfs fetch --all`; or leave them out with "
            "`checkout_excludes` in the target's file, if the program does not need them.",
        )


def _is_pointer(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_LFS_POINTER)) == _LFS_POINTER


def _fill_submodules(source: Path, folder: Path) -> None:
    """Check submodules out too: from the clone's own copy of each, else from its URL."""
    if not (folder / ".gitmodules").is_file():
        return
    wanted = git(folder, "config", "-z", "-f", ".gitmodules", "--get-regexp", r"\.path$")
    for entry in wanted.stdout.split("\0"):
        key, _, path = entry.partition("\n")
        name = key.removeprefix("submodule.").removesuffix(".path")
        inner = git(folder, "rev-parse", f"HEAD:{path}").stdout.strip() if path else ""
        left_out = git(folder, "ls-files", "-t", "--", path).stdout.startswith("S ")
        if inner and not left_out:
            _fill(source, folder, name, path, inner)


def _fill(source: Path, folder: Path, name: str, path: str, commit: str) -> None:
    if name.startswith("/") or ".." in name.split("/"):
        raise UsageError(f"A submodule's name leads out of the repository: {printable(name)}.")
    own = _place(source, "modules") / name
    if own.is_dir() and git(own, "cat-file", "-e", f"{commit}^{{commit}}").ok:
        check_out(own, commit, folder / path)
        return
    url = _setting_of_modules(folder, name)
    if url.startswith(("./", "../")):
        url = urljoin(_setting(source, "remote.origin.url").rstrip("/") + "/", url)
    shutil.rmtree(folder / path, ignore_errors=True)
    if _is_local(url) and not _allows_local(source):
        raise UsageError(
            f"The submodule {name} ({url}) can't be had: its address is a place on this machine, "
            "and a commit could name any.",
            f"`git -C {source} submodule update --init --recursive` brings it into the clone; `git "
            "config protocol.file.allow always` in the clone allows such addresses.",
        )
    cloned = git_remote(None, "clone", "--quiet", "--", url, folder / path, timeout_s=_NETWORK_S)
    there = cloned.ok and git(folder / path, "cat-file", "-e", f"{commit}^{{commit}}").ok
    if not there:
        raise UsageError(
            f"The submodule {name} ({url}) can't be had at commit {commit[:10]}.",
            f"`git -C {source} submodule update --init --recursive` brings it into the clone.",
        )
    must(git(folder / path, "checkout", "--quiet", "--detach", commit))
    _check_files(folder / path, commit, folder / path)
    _fill_submodules(folder / path, folder / path)


def _is_local(url: str) -> bool:
    """A path, `file:`, or a remote helper's: neither `scheme://host` nor `host:path`."""
    scheme, is_url, _ = url.partition("://")
    if is_url:
        return scheme not in {"https", "http", "ssh", "git", "git+ssh", "ssh+git", "ftp", "ftps"}
    host, is_remote, path = url.partition(":")
    return not is_remote or "/" in host or path.startswith(":")


def _allows_local(source: Path) -> bool:
    """git's own two ways of allowing it."""
    named = os.environ.get("GIT_ALLOW_PROTOCOL", "").split(":")
    return "file" in named or _setting(source, "protocol.file.allow") == "always"


def _setting_of_modules(folder: Path, name: str) -> str:
    told = git(folder, "config", "-f", ".gitmodules", "--get", f"submodule.{name}.url")
    return told.stdout.strip()


def tracked_files(folder: Path) -> dict[str, str]:
    """Blob hashes by path of all committed files of a checkout, those of its submodules too."""
    files: dict[str, str] = {}
    listed = must(git(folder, "ls-files", "--stage", "-z")).stdout
    for entry in filter(None, listed.split("\0")):
        meta, _, path = entry.partition("\t")
        mode, blob, _stage = meta.split()
        if mode == _SUBMODULE and (folder / path / ".git").exists():
            inner = tracked_files(folder / path)
            files |= {f"{path}/{name}": found for name, found in inner.items()}
        else:
            files[path] = blob
    return files
