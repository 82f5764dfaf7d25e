"""Rewritten modules: they still do what they did, and import what was predicted."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from support.import_packages import Package, write_package
from support.sample_project import Repository

from bench.engine.revisions.git import Clone
from bench.explain.rank.patch import make_patch, tracked_files
from bench.explain.rank.ranked_imports import Trial

HEAVY = "value = 7\n\n\nclass Thing:\n    pass\n"


def defer(package: Package, folder: Path) -> Package:
    """The same package with all its candidates deferred."""
    graph, judgement = package.analyse()
    texts = {
        str(file.relative_to(package.folder)): file.read_text(encoding="utf-8")
        for file in package.folder.rglob("*.py")
    }
    for file, text in Trial("", judgement.candidates).texts(graph).items():
        texts[str(file.relative_to(package.folder))] = text
    changed = write_package(folder, texts, package.statement)
    gone = package.modules() - changed.modules()
    assert graph.vanished([one.skip for one in judgement.candidates]) >= gone
    assert gone == {
        name for name in graph.vanished([one.skip for one in judgement.candidates])
        if name in package.modules()
    }  # fmt: skip
    return changed


def says(package: Package, statement: str) -> str:
    """What a statement prints with a package on the path."""
    with_it = dataclasses.replace(package, statement=statement).invocation
    done = subprocess.run(
        with_it.argv, env=with_it.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def changed(tmp_path: Path, main: str, **others: str) -> Package:
    """`own/main.py` after all that could wait has been deferred."""
    files = {
        "own/__init__.py": "",
        "own/main.py": main,
        "heavy.py": HEAVY,
        **{f"own/{name}.py": text for name, text in others.items()},
    }
    package = write_package(tmp_path / "as-is", files, "import own.main")
    return defer(package, tmp_path / "deferred")


def test_the_import_goes_in_front_of_each_use_and_not_twice(tmp_path: Path) -> None:
    found = changed(
        tmp_path,
        "import heavy\n\n\ndef work(n):\n    if n:\n        return heavy.value\n"
        "    first = heavy.value\n    return first + heavy.value\n",
    )
    text = (found.folder / "own/main.py").read_text(encoding="utf-8")
    assert text.count("import heavy") == 1
    assert says(found, "import own.main as m; print(m.work(0), m.work(1))") == "14 7"


def test_uses_in_heads_of_blocks_and_one_line_bodies(tmp_path: Path) -> None:
    found = changed(
        tmp_path,
        "from heavy import value, Thing\n\n\ndef work(n):\n    if n == 0: return value\n"
        "    elif n == value:\n        return 'is'\n"
        "    try:\n        raise Thing\n    except TypeError:\n        pass\n"
        "    def inner():\n        return value\n"
        "    class Inner:\n        kept = value\n"
        "    return [inner(), Inner.kept, [value for _ in range(1)], (lambda: value)()]\n",
    )
    assert says(found, "import own.main as m; print(m.work(0), m.work(7))") == "7 is"
    assert says(found, "import own.main as m; print(m.work(1))") == "[7, 7, [7], 7]"


def test_methods_and_decorated_functions(tmp_path: Path) -> None:
    found = changed(
        tmp_path,
        "import functools\nimport heavy\n\n\nclass Own:\n    @functools.cache\n"
        '    def work(self):\n        """Says it."""\n        return heavy.value\n',
    )
    assert says(found, "import own.main as m; print(m.Own().work(), m.Own.work.__doc__)") == (
        "7 Says it."
    )


def test_a_function_is_left_with_something_to_do(tmp_path: Path) -> None:
    files = {
        "own/__init__.py": "",
        "own/main.py": "def work():\n    import heavy\n\n\nwork()\n",
        "heavy.py": HEAVY,
    }
    package = write_package(tmp_path / "as-is", files, "import own.main")
    found = defer(package, tmp_path / "deferred")
    assert "pass" in (found.folder / "own/main.py").read_text(encoding="utf-8")


def test_annotations_become_strings_and_types_stay_for_checkers(tmp_path: Path) -> None:
    found = changed(
        tmp_path,
        '"""Doc."""\n\nfrom heavy import Thing\n\n\ndef work(one: Thing) -> int:\n    return 1\n',
    )
    text = (found.folder / "own/main.py").read_text(encoding="utf-8")
    assert "if TYPE_CHECKING:\n    from heavy import Thing\n" in text
    assert says(found, "import own.main as m; print(m.__doc__, m.work(2))") == "Doc. 1"


def test_a_name_that_others_take_is_handed_out_when_asked_for(tmp_path: Path) -> None:
    found = changed(
        tmp_path,
        "from heavy import value\nfrom heavy import Thing\n\n__all__ = ['Thing']\n",
        other="def late():\n    from own.main import value\n    return value\n",
    )
    assert says(found, "import own.other as o; print(o.late())") == "7"
    assert says(found, "from own.main import *; print(Thing.__name__)") == "Thing"
    wrong = "import own.main\ntry:\n    own.main.no\nexcept AttributeError as e:\n    print(e)"
    assert says(found, wrong) == "module 'own.main' has no attribute 'no'"


def test_a_name_taken_at_once_from_a_deferring_module_is_still_imported(tmp_path: Path) -> None:
    files = {
        "own/__init__.py": "",
        "own/main.py": "from own.middle import value\n\nready = value\n",
        "own/middle.py": "from heavy import value\n",
        "heavy.py": HEAVY,
    }
    package = write_package(tmp_path / "as-is", files, "import own.main")
    graph, judgement = package.analyse()
    assert "heavy" not in graph.vanished([one.skip for one in judgement.candidates])
    found = defer(package, tmp_path / "deferred")
    assert "heavy" in found.modules()


@pytest.mark.parametrize("layout", ["", "src/", "lib/"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_patch_applies_in_the_clone(tmp_path: Path, layout: str, newline: str) -> None:
    main = "import heavy\n\n\ndef work():\n    \f\n    return heavy.value"  # no line end
    files = {
        "own/__init__.py": "",
        "own/main.py": main.replace("\n", newline),
        "heavy.py": HEAVY,
    }
    package = write_package(tmp_path / "site-packages", files, "import own.main")
    repository = Repository.create(tmp_path / "clone")
    commit = repository.commit({f"{layout}{name}": text for name, text in files.items()}, "All")
    graph, judgement = package.analyse()
    texts = Trial("", judgement.candidates).texts(graph)
    patch = make_patch(texts, tracked_files(Clone(repository.path), commit))
    (tmp_path / "the.patch").write_bytes(b"# a remark\n" + patch)
    applied = subprocess.run(
        ["git", "apply", "../the.patch"],
        cwd=repository.path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert applied.returncode == 0, applied.stderr
    (text,) = texts.values()
    assert (repository.path / f"{layout}own/main.py").read_bytes() == text.encode()
    assert f"    import heavy{newline}" in text


def test_this_python_is_the_one_that_compiles_it(tmp_path: Path) -> None:
    found = changed(tmp_path, "import heavy\n\n\ndef work():\n    return heavy\n")
    compile((found.folder / "own/main.py").read_text(encoding="utf-8"), "main", "exec")
    assert sys.executable == found.invocation.argv[0]
