"""The installed command `duetbench`.

The harness is the package `bench`, a name that many projects have for a folder of their own. So an
installed one lies below this package, where nobody else imports it, and only the processes of the
command look there; in a checkout it lies beside this package.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_INSTALLED = _HERE / "harness"


def main() -> int:
    """Run `duetbench COMMAND …` and return its exit status."""
    sys.path.insert(0, str(_INSTALLED if _INSTALLED.is_dir() else _HERE.parent))
    from bench.core.bytecode import keep_bytecode  # noqa: PLC0415 - it is found from now on

    keep_bytecode()
    from bench.cli.main import main as run  # noqa: PLC0415 - as said, and after its line

    return run(sys.argv[1:])
