"""Write or read many small files, and print the seconds: `files.py read|write FOLDER COUNT [made]`.

Given to the container's Python as text; runs on any Python 3. Without `made`, files that are to be
read are written first, off the clock.
"""

import os
import sys
import time

_SIZE = 1024
_IN_A_FOLDER = 50


def _paths(folder: str, count: int) -> "list[str]":
    return [f"{folder}/{number // _IN_A_FOLDER}/{number}.txt" for number in range(count)]


def write(folder: str, count: int) -> float:
    """Write so many files into new folders; returns the seconds."""
    before = time.perf_counter()
    for number, path in enumerate(_paths(folder, count)):
        if number % _IN_A_FOLDER == 0:
            os.makedirs(path.rpartition("/")[0])  # noqa: PTH103
        with open(path, "wb") as stream:  # noqa: PTH123
            stream.write(b"x" * _SIZE)
    return time.perf_counter() - before


def read(folder: str, count: int) -> float:
    """Read them all; returns the seconds."""
    before = time.perf_counter()
    for path in _paths(folder, count):
        with open(path, "rb") as stream:  # noqa: PTH123
            stream.read()
    return time.perf_counter() - before


def main() -> None:
    """Do as the arguments say."""
    what, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "write":
        print(repr(write(folder, count)))
        return
    if "made" not in sys.argv:
        write(folder, count)
    print(repr(read(folder, count)))


if __name__ == "__main__":
    main()
