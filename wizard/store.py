"""Keeps the settings file: loads it, saves it whole or not at all, one writer at a time, with the revisions before it.

What the text looks like is wizard.document. Every error is a sentence that names the file and what to do.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import tomlkit

from checks.settings import SCHEMA_VERSION, Problem, Settings, SettingsError, parse
from wizard import atomic
from wizard.document import change, line_of, render, to_document

MAX_BYTES = 1_000_000  # a hundred servers fit into a tenth of this
REVISIONS = 5
LOCK_SECONDS = 5.0


class StoreError(Exception):
    """The settings could not be kept; the file is as it was."""


class Loaded(NamedTuple):
    """A settings file, read."""

    settings: Settings
    document: tomlkit.TOMLDocument


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What a save did."""

    path: Path
    changed: bool
    """False: the file already said so, and nothing was written."""
    revision: Path | None = None
    """Where the text before it is kept."""


def load(path: Path) -> Loaded:
    """Read a settings file. Raises `SettingsError` with every problem, each with its field and line."""
    return _read(path, _text(path))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _problem(f"there is no file {path}; `sendready wizard {path}` makes one") from None
    except IsADirectoryError:
        raise _problem(f"{path} is a folder; name the settings file in it") from None
    except OSError as error:
        raise _problem(f"{path} cannot be read ({error.strerror or error})") from None
    if len(raw) > MAX_BYTES:
        raise _problem(f"{path} is larger than {MAX_BYTES:,} bytes; this is not a settings file")
    if b"\0" in raw:
        raise _problem(f"{path} is damaged (it holds zero bytes){_last_good(path)}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = raw[: error.start].count(b"\n") + 1
        raise _problem(f"{path} is not UTF-8 text; save it as UTF-8", f"line {number}") from None


def _read(path: Path, text: str) -> Loaded:
    if not text.strip():
        raise _problem(f"{path} is empty; `sendready wizard {path}` fills it{_last_good(path)}")
    try:
        plain = tomllib.loads(text)
        document = tomlkit.parse(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(str(error)) from None
    except tomlkit.exceptions.TOMLKitError as error:
        number = getattr(error, "line", None)
        raise _problem(
            "this is not valid TOML; every line reads key = value, and text goes in quotes", f"line {number}" if number else ""
        ) from None
    except RecursionError:
        raise _problem(f"{path} is nested too deeply; this is not a settings file") from None
    try:
        return Loaded(parse(plain), document)
    except SettingsError as error:
        raise SettingsError([_with_line(problem, text) for problem in error.problems]) from None


def _problem(message: str, field: str = "") -> SettingsError:
    return SettingsError([Problem(field=field, message=message)])


def _syntax(message: str) -> SettingsError:
    """Say in which line the file stops being TOML. The parser's words never hold the file's own text beyond a key."""
    match = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", message)
    reason = message[: match.start()].strip() if match else message
    place = f"line {match[1]}, column {match[2]}" if match and match[1] else "at the end"
    return _problem(
        f"this is not valid TOML ({reason[:1].lower()}{reason[1:]}); every line reads key = value, and text goes in quotes", place
    )


def _with_line(problem: Problem, text: str) -> Problem:
    number = line_of(text, problem.field)
    if number is None:
        return problem
    return Problem(field=f"{problem.field} (line {number})", message=problem.message)


def _last_good(path: Path) -> str:
    kept = revisions(path)
    return f"; the text before it is kept in {kept[0]}" if kept else ""


def revisions(path: Path) -> list[Path]:
    """Return the revisions that are kept, newest first."""
    return [kept for number in range(1, REVISIONS + 1) if (kept := _revision(path, number)).is_file()]


def save(
    path: Path, new: Settings | tomlkit.TOMLDocument, *, based_on: tomlkit.TOMLDocument | None = None, wait: float = LOCK_SECONDS
) -> Saved:
    """Save settings, or a document that was edited.

    `based_on`: the document as it was loaded and not changed since; if somebody else saved meanwhile, nothing is written.
    Raises `StoreError`; then the old file stands. Raises `SettingsError` if an edited document does not fit.
    """
    with locked(path, wait=wait):
        present = _present(path)
        if based_on is not None and (present is None or present != based_on.as_string()):
            raise StoreError(
                f"{path} was changed by somebody else meanwhile, so it was not overwritten. Look at it and run this again."
            )
        if not isinstance(new, Settings):
            text = new.as_string()
            parse(tomllib.loads(text))
        else:
            text = _new_text(path, present, new)
        return _write(path, present, text)


def edit(path: Path, how: Callable[[Settings], Settings], *, wait: float = LOCK_SECONDS) -> Saved:
    """Load, change and save as one step that nobody can come between. Raises `SettingsError` or `StoreError`."""
    with locked(path, wait=wait):
        text = _text(path)
        loaded = _read(path, text)
        return _write(path, text, _new_text(path, text, how(loaded.settings)))


def _present(path: Path) -> str | None:
    return _text(path) if path.exists() else None


def _new_text(path: Path, present: str | None, new: Settings) -> str:
    if present is None or not present.strip():
        return render(new)
    try:
        loaded = _read(path, present)
    except SettingsError as error:
        if _is_newer(present):
            raise StoreError(
                f"{path}: {error.problems[0].message}. It was not touched; use that version, or save under another name."
            ) from None
        raise StoreError(
            f"{path} holds no valid settings and was not overwritten. Mend it or move it away first:\n{error}"
        ) from None
    return present if loaded.settings == new else change(loaded.document, loaded.settings, new)


def _is_newer(text: str) -> bool:
    try:
        version = tomllib.loads(text).get("schema_version")
    except tomllib.TOMLDecodeError:
        return False
    return isinstance(version, int) and version > SCHEMA_VERSION


def _write(path: Path, present: str | None, text: str) -> Saved:
    if present == text:
        return Saved(path=path, changed=False)
    owner = _owner(path)
    try:
        revision = _keep(path, present, owner) if present is not None else None
        atomic.write(path, text, owner=owner)
    except OSError as error:
        if _landed(path, text):
            raise StoreError(
                f"{path} was written, but the disk did not confirm it ({error.strerror or error}). Check the disk, then save again."
            ) from None
        raise StoreError(
            f"{path} could not be saved ({error.strerror or error}). The file is as it was; make room or choose another folder."
        ) from None
    return Saved(path=path, changed=True, revision=revision)


def _landed(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _owner(path: Path) -> tuple[int, int] | None:
    """Return whose the new file must be if not ours. Raises `StoreError` where we could not hand it back."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if status.st_uid == os.geteuid():
        return None
    if os.geteuid() == 0:  # root saves for the dispatcher's user, who must still be able to read the file
        return status.st_uid, status.st_gid
    raise StoreError(f"{path} belongs to another user (number {status.st_uid}) and was not changed; run this as that user")


def _keep(path: Path, present: str, owner: tuple[int, int] | None) -> Path:
    """Keep the text that is about to go, as the newest of the revisions."""
    newest = _revision(path, 1)
    if newest.is_file() and not newest.is_symlink() and newest.read_bytes() == present.encode():
        return newest  # an earlier save stopped half way
    for number in range(REVISIONS - 1, 0, -1):
        older = _revision(path, number)
        if older.is_file() or older.is_symlink():
            older.replace(_revision(path, number + 1))
    atomic.write(newest, present, owner=owner)
    return newest


def _revision(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


@contextmanager
def locked(path: Path, *, wait: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the settings file alone. The lock dies with the process that holds it."""
    if path.is_symlink():
        raise StoreError(f"{path} is a symbolic link; give the name of the file that it points to")
    if path.is_dir():
        raise StoreError(f"{path} is a folder; give the name of the settings file in it, like {path / 'settings.toml'}")
    lock = path.with_name(f"{path.name}.lock")
    ends = time.monotonic() + wait
    while True:
        descriptor = _open_lock(path, lock)
        try:
            if _take(descriptor) and _is_still(descriptor, lock):
                os.truncate(descriptor, 0)
                os.write(descriptor, f"{os.getpid()}\n".encode())
                try:
                    yield
                finally:
                    lock.unlink(missing_ok=True)
                return
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        finally:
            os.close(descriptor)
        if time.monotonic() >= ends:
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise StoreError(f"{path} is being changed by {who}. Wait until it has ended, then run this again.")
        time.sleep(min(0.02, wait))


def _open_lock(path: Path, lock: Path) -> int:
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileNotFoundError:
        raise StoreError(f"{path}: there is no folder {path.parent}; make it first, or choose another") from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StoreError(f"{lock} is a symbolic link; remove it and run this again") from None
        raise StoreError(
            f"{path} cannot be saved in {path.parent} ({error.strerror or error}); choose a folder that you may write to"
        ) from None


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN):
            return False
        raise StoreError(
            f"this file system cannot lock files ({error.strerror or error}); choose a folder on a local disk"
        ) from None
    return True


def _is_still(descriptor: int, lock: Path) -> bool:
    """Tell whether the lock that we hold is the one under that name: its last holder removed it when done."""
    try:
        there = lock.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


__all__ = ["Loaded", "Saved", "StoreError", "edit", "load", "locked", "revisions", "save", "to_document"]
