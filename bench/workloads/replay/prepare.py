"""Get a project ready for one measured process, and hand the backend's tests in.

Runs in the measured version's own interpreter, before anything is timed, and is never imported by
the harness: `python prepare.py PROJECT ANSWERS SERVICE FOLDER`. PROJECT is copied to FOLDER and
becomes a git repository with a remote; the tests under `ANSWERS/tests` are instrumented by the
codeflash that is installed here, and handed to the replay service, which could not know the form
that this version wants. Different versions call their instrumenter differently: it is given what
it has a name for.
"""

import ast
import inspect
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_PLACE = "bench_generated_tests"  # the service puts the name of the client's test module here
_WHEN = "2024-01-01T00:00:00+00:00"
_REMOTE = "https://github.com/bench-example/shelf.git"
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "bench"), ("EMAIL", "bench@example.org"), ("DATE", _WHEN))
}


def copy_project(template: Path, folder: Path) -> None:
    """Copy the project, and commit it to a repository that has a remote."""
    shutil.copytree(template, folder)
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--message=Project"),
        ("remote", "add", "origin", _REMOTE),
    ):
        command = ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *words]
        subprocess.run(command, cwd=folder, env={**os.environ, **_WHO}, check=True)


def instrument(source: Path, function: str, module: Path, root: Path) -> "dict[str, str]":
    """One file of tests in the three forms that the client wants."""
    from codeflash.code_utils.code_utils import get_run_tmp_file
    from codeflash.models.models import TestingMode

    text = source.read_text(encoding="utf-8")
    file = root / f"{_PLACE}.py"
    file.write_text(text, encoding="utf-8")
    temporary = get_run_tmp_file(Path()).as_posix()
    forms = {"generated_tests": text, "raw_generated_tests": text}
    for mode, name in (
        (TestingMode.BEHAVIOR, "instrumented_behavior_tests"),
        (TestingMode.PERFORMANCE, "instrumented_perf_tests"),
    ):
        made = _inject(file, text, function, module, root, mode)
        forms[name] = made.replace(temporary, "{codeflash_run_tmp_dir_client_side}")
    file.unlink()
    return forms


def _inject(file: Path, text: str, function: str, module: Path, root: Path, mode: Any) -> str:
    from codeflash.code_utils.instrument_existing_tests import inject_profiling_into_existing_test
    from codeflash.models.models import CodePosition

    name = function.rpartition(".")[2]
    positions = [
        CodePosition(line_no=node.lineno, col_no=node.col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]
    known = {
        "test_path": file,
        "test_string": text,
        "test_code": text,
        "call_positions": positions,
        "function_to_optimize": _function(function, module),
        "tests_project_root": root,
        "test_framework": "pytest",
        "mode": mode,
    }
    wanted = inspect.signature(inject_profiling_into_existing_test).parameters
    given = {key: value for key, value in known.items() if key in wanted}
    done, made = inject_profiling_into_existing_test(**given)
    if not done or not isinstance(made, str):
        sys.exit("this version of codeflash does not instrument the tests")
    return made


def _function(name: str, module: Path) -> Any:
    try:
        from codeflash.models.function_types import FunctionParent, FunctionToOptimize
    except ImportError:
        from codeflash.discovery.functions_to_optimize import FunctionToOptimize
        from codeflash.models.models import FunctionParent
    *classes, own = name.split(".")
    parents = [FunctionParent(name=one, type="ClassDef") for one in classes]
    return FunctionToOptimize(function_name=own, file_path=module, parents=parents)


def hand_in(service: str, scenario: str, tests: "list[dict[str, str]]") -> None:
    """Tell the service what to answer this version with."""
    from codeflash.version import __version__

    told = {"scenario": scenario, "codeflash_version": __version__, "tests": tests}
    request = urllib.request.Request(
        f"{service}/replay/tests", json.dumps(told).encode(), method="PUT"
    )
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        sys.exit(f"the replay service: {json.loads(error.read())['error']}")
    except OSError as error:
        sys.exit(f"the replay service at {service} does not answer: {error}")


def main() -> None:
    """Copy, instrument, hand in."""
    template, answers, service, folder = sys.argv[1:]
    project = Path(folder)
    copy_project(Path(template), project)
    told = json.loads((Path(answers) / "scenario.json").read_text(encoding="utf-8"))
    module = project / told["file"]
    sources = sorted((Path(answers) / "tests").glob("*.py"))
    with tempfile.TemporaryDirectory() as apart:  # what codeflash leaves in HOME is not the test's
        os.environ.update(HOME=apart, TMPDIR=apart)
        tempfile.tempdir = apart
        tests = [instrument(one, told["function"], module, project / "tests") for one in sources]
        tempfile.tempdir = None
    hand_in(service, Path(answers).name, tests)


if __name__ == "__main__":
    main()
