"""Write down what a memray capture held at the peak: `python peak_stacks.py CAPTURE OUTPUT`.

Run as a program of its own: memray's reader is C++ and trusts the capture, which was written in the
measured process. The output is JSON: bytes, and functions with their files from the outermost in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(capture: str, output: str) -> None:
    """Read one, write the other."""
    from memray import FileReader  # noqa: PLC0415 - needed here alone

    with FileReader(capture) as reader:
        stacks = [
            (one.size, [(name, path) for name, path, _ in reversed(one.stack_trace())])
            for one in reader.get_high_watermark_allocation_records(merge_threads=True)
        ]
    Path(output).write_text(json.dumps(stacks), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
