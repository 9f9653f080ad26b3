"""Writes whole files or nothing: temporary file, fsync, rename, directory fsync. Mode from the first moment, links refused."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write(path: Path, text: str, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Put `text` under `path`, as UTF-8. As `write_octets`."""
    write_octets(path, text.encode("utf-8"), mode=mode, owner=owner)


def write_octets(path: Path, octets: bytes, *, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Put `octets` under `path`. Raises `OSError`; then the old file stands untouched.

    `owner`: user and group ids that the new file shall have; needs root.

    The name is opened anew with O_EXCL, so a link that somebody planted is never followed.
    """
    if path.is_symlink():
        raise OSError(f"{path} is a symbolic link; give the name of the file itself")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make a rename in the directory survive a power loss."""
    descriptor = os.open(directory, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
