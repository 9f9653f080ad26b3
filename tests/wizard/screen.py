"""As much of a terminal as is needed to see what a person sees: lines, colours thrown away, and whether a line ran over the edge."""

from __future__ import annotations

import re
from typing import Self

_TOKEN = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|\x1b.|([^\x1b])", re.DOTALL)


class Screen:
    """Give it what a program wrote."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.lines: list[list[str]] = [[]]
        self.overruns: list[str] = []
        """Lines on which something was written beyond the right edge."""
        self._row = self._column = 0

    def feed(self, text: str) -> Self:
        """Take what was written."""
        for match in _TOKEN.finditer(text):
            if match[3]:
                self._write(match[3])
            elif match[2] and not match[1].startswith("?"):
                self._control(match[2], [int(number) for number in match[1].split(";") if number])
        return self

    def _control(self, letter: str, numbers: list[int]) -> None:
        count = numbers[0] if numbers else 0
        if letter == "A":
            self._row = max(0, self._row - max(1, count))
        elif letter == "B":
            self._down(max(1, count))
        elif letter == "C":
            self._column += max(1, count)
        elif letter == "D":
            self._column = max(0, self._column - max(1, count))
        elif letter in "JK" and count == 0:
            del self.lines[self._row][self._column :]
            if letter == "J":
                del self.lines[self._row + 1 :]

    def _down(self, count: int) -> None:
        self._row += count
        while len(self.lines) <= self._row:
            self.lines.append([])

    def _write(self, char: str) -> None:
        if char == "\r":
            self._column = 0
        elif char == "\n":
            self._down(1)
        elif char == "\b":
            self._column = max(0, self._column - 1)
        elif char >= " ":
            line = self.lines[self._row]
            line.extend(" " * (self._column + 1 - len(line)))
            line[self._column] = char
            self._column += 1
            if self._column > self.columns:
                self.overruns.append("".join(line))

    @property
    def text(self) -> str:
        """The lines, without the spaces at their ends."""
        return "\n".join("".join(line).rstrip() for line in self.lines)

    @property
    def words(self) -> str:
        """Everything on it as one line of words; a word cut in two is two."""
        return " ".join(self.text.split())
