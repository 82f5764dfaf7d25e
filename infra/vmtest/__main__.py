"""The cycle of `nox -s tests-infra -- vm`, and its summary last; no part of the test suite."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from bench.core.process import run_tool
from vmtest import cycle as trials
from vmtest import one_shot as single
from vmtest.image import Image, image_for, missing_tools
from vmtest.machine import forget, make_key, start, usable_accelerator
from vmtest.problems import VmError
from vmtest.repositories import ROOT, Repositories, serving
from vmtest.steps import Cycle


def main() -> int:
    """Run the cycle; returns the exit status."""
    options = _options()
    # So that the machine and the servers are stopped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    missing = missing_tools()
    if missing:
        print(f"vm: needs packages: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="bench-vm-", dir=_made(options.cache)))
    accelerator = options.accelerator or usable_accelerator()
    cycle = Cycle()
    started = time.monotonic()
    try:
        _run(cycle, folder, options.cache, accelerator, one_shot=options.one_shot)
        problem = None
    except VmError as found:
        problem = found
    seconds = time.monotonic() - started
    print(f"\n{cycle.summary()}\n")
    if problem is not None:
        print(f"vm: FAILED after {seconds:.0f} s ({accelerator}). Logs: {folder}")
        return 1
    verified = cycle.seconds("boot", "provision", "pin", "first boot to last", "pinned")
    print(
        f"vm: passed, {len(cycle.steps)} steps in {seconds:.0f} s on 2 {accelerator} CPUs; "
        f"from image to pinned and verified {verified:.0f} s"
    )
    if not options.keep:
        forget(folder)
    return 0


def _run(cycle: Cycle, folder: Path, cache: Path, accelerator: str, *, one_shot: bool) -> None:
    images: list[Image] = []

    def build() -> str:
        images.append(image_for(cache))
        return images[0].path.name

    cycle.do("image", build)
    key = make_key(folder)
    with serving(folder) as repositories:
        machine = start(
            images[0], folder, _user_data(folder, key, repositories, one_shot=one_shot),
            accelerator=accelerator,
        )  # fmt: skip
        try:
            if one_shot:
                single.run(cycle, machine)
            else:
                trials.run(cycle, trials.Trial(machine, repositories))
        finally:
            machine.stop()


def _user_data(folder: Path, key: Path, repositories: Repositories, *, one_shot: bool) -> str:
    """cloud-init.yaml as vm-manage.sh fills it in."""
    words: list[str | Path] = [ROOT / "infra/vm-manage.sh", "cloud-init", "--key", key]
    if one_shot:
        variables = folder / "variables.yml"
        variables.write_text(single.VARIABLES, encoding="utf-8")
        words += ["--repository", repositories.this, "--revision", repositories.commit]
        words += ["--variables", variables]
    rendered = run_tool(words)
    if not rendered.ok:
        raise VmError(rendered.last_lines())
    return rendered.stdout


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s tests-infra -- vm", description=__doc__)
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench" / "vm", help="built images")
    parser.add_argument("--accelerator", choices=["kvm", "tcg"], help="default: what works here")
    parser.add_argument(
        "--one-shot",
        action="store_true",
        help="cloud-init does all of it",
    )
    parser.add_argument("--keep", action="store_true", help="keep the machine's folder and logs")
    return parser.parse_args()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
