"""The harness's own compiled modules, where the shell says that Python shall write none.

`PYTHONDONTWRITEBYTECODE` is set in many images and shells to keep folders clean. It would have
every command compile 600 modules anew, which takes as long as all else until the first round.
"""

import sys
from pathlib import Path

_FOLDER = "bytecode"


def keep_bytecode() -> None:
    """Keep compiled modules in the harness's own virtual environment, beside no source file.

    Outside of a virtual environment the variable is obeyed. Processes that are measured have their
    own variables.
    """
    if sys.dont_write_bytecode and sys.prefix != sys.base_prefix:
        sys.pycache_prefix = str(Path(sys.prefix) / _FOLDER)
        sys.dont_write_bytecode = False
