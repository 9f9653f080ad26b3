"""What an audit is about: reads a list or a folder into targets, a bad line into a target with an error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checks.settings import SettingsError
from checks.values import normal_domain
from wizard.request import Request

MAX_LIST = 50 * 1024 * 1024  # bytes; about two million domains, more is a mistake


@dataclass(frozen=True, kw_only=True)
class Target:
    """One line of the list, read."""

    name: str
    """The domain, or the settings file as it was written."""
    where: str
    """For messages: "customers.txt, line 12"."""
    request: Request | None = None
    base: Path = Path()
    error: str = ""
    """Why it cannot be checked."""

    @property
    def folder(self) -> str:
        """A file name made from the target's: no path, no collision, legal everywhere."""
        plain = re.sub(r"[^a-z0-9.-]+", "-", self.name.lower()).strip(".-")[:80] or "target"
        if plain.partition(".")[0] in _RESERVED:
            plain = f"target-{plain}"
        if self.request is not None and self.request.domain == plain:
            return plain
        return f"{plain}-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"


_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"com{n}" for n in range(10)),
    *(f"lpt{n}" for n in range(10)),
}  # file names of Windows


def read_targets(path: Path) -> Iterator[Target]:
    """Read a list (one domain or settings file a line, # begins a comment), a folder of settings files, or one settings file.

    A bad line becomes a target with an error. Raises `OSError`, and `ValueError` for a list beyond `MAX_LIST`.
    """
    if path.is_dir():
        return (_settings_target(str(file.relative_to(path)), file, str(file)) for file in sorted(path.rglob("*.toml")))
    if path.suffix.lower() == ".toml":
        return iter([_settings_target(str(path), path, str(path))])
    if path.stat().st_size > MAX_LIST:
        raise ValueError(f"{path} has more than {MAX_LIST // 1024 // 1024} MB; split the list")
    return _lines(path)


def _lines(path: Path) -> Iterator[Target]:
    seen: set[str] = set()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.partition("#")[0].strip()
            if not text:
                continue
            target = _target(text, path.parent, f"{path.name}, line {number}")
            if target.name not in seen:
                seen.add(target.name)
                yield target


def _target(text: str, directory: Path, where: str) -> Target:
    if text.lower().endswith(".toml"):
        return _settings_target(text, directory / text, where)
    try:
        domain = normal_domain(text)
    except ValueError as error:
        return Target(name=text[:200], where=where, error=str(error))
    return Target(name=domain, where=where, request=Request(domain=domain, name=domain))


def _settings_target(name: str, file: Path, where: str) -> Target:
    from wizard.store import load  # noqa: PLC0415 - a list of domains needs no settings code

    try:
        settings = load(file).settings
    except (SettingsError, ValueError, OSError) as error:
        from wizard.documents import mistaken  # noqa: PLC0415 - only for a file that was mixed up

        problem = mistaken(file, "settings") or str(error)
        return Target(name=name[:200], where=where, error="; ".join(problem.splitlines())[:500])
    return Target(name=name, where=where, request=Request(settings=settings, name=name), base=file.resolve().parent)
