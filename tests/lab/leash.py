"""Ends the lab's servers and removes its folder if the test run dies before it could. Runs as a process of its own.

It reads `hold PID` and `release PID` on standard input. The end of input means that the test run is gone.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

FOLDER_PREFIX = "sr-"


def follow(lines: Iterable[str]) -> set[int]:
    """Return the process groups that are still held at the end of input."""
    held: set[int] = set()
    for line in lines:
        word, _, pid = line.strip().partition(" ")
        if word == "hold":
            held.add(int(pid))
        elif word == "release":
            held.discard(int(pid))
    return held


def main(folder: Path) -> None:
    """Wait for the end of input, then clean up what is left."""
    for group in follow(sys.stdin):
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    if folder.name.startswith(FOLDER_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
