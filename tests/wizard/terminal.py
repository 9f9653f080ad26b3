"""Drives the real program in a pseudo-terminal. Every wait is bounded; what was expected and what came instead is in the failure."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.wizard.screen import Screen

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30.0


class Terminal:
    """One run of `sendready` with a person at its terminal."""

    def __init__(self, *arguments: str, cwd: Path, columns: int = 80, **environment: str) -> None:
        self.screen = ""
        """Everything that came, escape sequences included."""
        self.columns = columns
        self._seen = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            whole = {
                "PATH": os.environ["PATH"],
                "HOME": str(cwd),
                "XDG_STATE_HOME": str(cwd / "state"),
                "PYTHONPATH": str(ROOT),
                "LANG": "C.UTF-8",
                "TERM": "xterm",
                **environment,
            }
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.execve(sys.executable, [sys.executable, "-m", "wizard", *arguments], whole)  # noqa: S606 - the program under test

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.fd)

    def wait_for(self, pattern: str) -> str:
        """Read until the pattern comes after what was waited for last. A space stands for the end of a line, too."""
        pattern = pattern.replace(" ", r"\s+") if pattern.strip() == pattern else pattern
        ends = time.monotonic() + SECONDS
        while True:
            if match := re.compile(pattern, re.DOTALL).search(self.screen, self._seen):
                self._seen = match.end()
                return match.group()
            if not self._read(ends):
                raise AssertionError(f"waited for {pattern!r}, but the screen says:\n{self.screen[self._seen :][-2000:]}")

    def wait_for_line(self, words: str) -> None:
        """Wait for a question that takes a line, until it can be typed (the menus' library moves the cursor about before)."""
        self.wait_for(words)
        self.wait_for(r">[^\r\n]*\x1b\[\?25h")

    def _read(self, ends: float) -> bool:
        ready, _, _ = select.select([self.fd], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            return False
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:  # the program ended
            return False
        if b"\x1b[6n" in chunk:  # prompt_toolkit asks where the cursor is
            os.write(self.fd, b"\x1b[1;1R")
        self.screen += chunk.decode("utf-8", "replace")
        return bool(chunk)

    def shown(self) -> Screen:
        """Return what a person would have seen, and scrolled past."""
        return Screen(self.columns).feed(self.screen)

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self.fd, (text + "\r").encode())

    def key(self, text: str) -> None:
        """Press keys, without Enter."""
        os.write(self.fd, text.encode())

    def echoes(self) -> bool:
        """Tell whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def ends(self) -> int:
        """Read to the end and return the exit code."""
        ends = time.monotonic() + SECONDS
        while self._read(ends):
            pass
        while time.monotonic() < ends:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        raise AssertionError(f"the program did not end; its last words:\n{self.screen[-2000:]}")
