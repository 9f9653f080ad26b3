"""Turns a reference into a secret, and puts a new secret where its reference says. No value ever enters a message.

The dispatcher, the test run and `secrets check` resolve through `resolve`, so what was tested is what will be used.
"""

from __future__ import annotations

import os
import re
import selectors
import shlex
import signal
import stat
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from checks.secret import Secret, SecretSource
from checks.settings import Server
from wizard import atomic

COMMAND_SECONDS = 10.0  # a vault answers at once; one that waits for a person is not for a dispatcher
MAX_BYTES = 65_536  # a token is a few kilobytes at most
# Vaults need their own tokens (VAULT_TOKEN, AWS_SECRET_ACCESS_KEY); a mail password is none of a command's business.
_SECRET_NAMES = re.compile(r"PASSWORD|PASSWD|_PASS$|^SMTP_|^CREDENTIALS_DIRECTORY$")


def resolve(source: SecretSource | str, ref: str, base: Path, *, hide: Iterable[str] = ()) -> Secret:
    """Return the secret behind a reference. `base`: the directory that relative paths start from.

    `hide`: environment variables that a command must not inherit. Raises `LookupError` with a sentence.
    """
    kind = SecretSource(source)
    if kind is SecretSource.FILE:
        value = _from_file(base / ref, f"the password file {ref}")
    elif kind is SecretSource.ENV:
        value = _from_environment(ref)
    elif kind is SecretSource.KEYRING:
        value = _from_keyring(ref)
    elif kind is SecretSource.COMMAND:
        value = _from_command(ref, base, hide)
    else:
        value = _from_credential(ref)
    if not value:
        raise LookupError(f"password ({kind.value}): {_what(kind, ref)} is empty; put the password there")
    _see_that_it_is_text(value, f"password ({kind.value}): {_what(kind, ref)}")
    return Secret(value)


def _see_that_it_is_text(value: str, what: str) -> None:
    """Python carries octets that are no UTF-8 through the environment as half surrogate pairs, which no wire and no file can take."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise LookupError(f"{what} is not UTF-8 text; save it as UTF-8") from None


def remarks(source: SecretSource | str, ref: str, base: Path) -> tuple[str, ...]:
    """Say what is unwise about where a secret lies; nothing here stops it from being used."""
    if SecretSource(source) is SecretSource.FILE:
        try:
            mode = (base / ref).stat().st_mode
        except OSError:
            return ()
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            return (
                f"Other users of this machine may read the password file {ref}. Change that: chmod 600 {shlex.quote(str(base / ref))}",
            )
    if SecretSource(source) is SecretSource.ENV:
        return (
            f"The environment variable {ref} is inherited by every program that the dispatcher starts; a file or a systemd credential is safer.",
        )
    return ()


def readable_by_others(servers: Iterable[Server], base: Path) -> tuple[str, ...]:
    """Return a warning for each password file of these servers that somebody else may read."""
    files = {one.password.ref for one in servers if one.password and one.password.source is SecretSource.FILE}
    return tuple(remark for ref in sorted(files) for remark in remarks(SecretSource.FILE, ref, base))


def exists(source: SecretSource | str, ref: str, base: Path) -> bool:
    """Tell whether something is stored there already. Only for places that we could write to."""
    if SecretSource(source) is SecretSource.FILE:
        return (base / ref).exists()
    if SecretSource(source) is SecretSource.KEYRING:
        try:
            return bool(_from_keyring(ref))
        except LookupError:
            return False
    return True


def store_secret(source: SecretSource | str, ref: str, value: Secret, base: Path) -> str:
    """Put a secret where the reference says and return where that was, for people. Only files and the keyring can be written.

    Raises `LookupError` with a sentence if it cannot be done.
    """
    kind = SecretSource(source)
    _see_that_it_is_text(value.reveal(), f"password ({kind.value}): what was typed")
    if kind is SecretSource.FILE:
        path = base / ref
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # `resolve` takes one newline off, so a value that ends with one comes back whole.
            atomic.write(path, value.reveal() + "\n", mode=0o600)
        except OSError as error:
            raise LookupError(
                f"password (file): {path} could not be written ({error.strerror or error}); choose another place"
            ) from None
        return str(path)
    if kind is SecretSource.KEYRING:
        keyring, service, user = _keyring(ref)
        try:
            keyring.set_password(service, user, value.reveal())
        except Exception:  # noqa: BLE001 - each backend has its own errors, and their text may hold the value
            raise LookupError(
                f"password (keyring): the keyring did not take the entry {ref}; unlock it, or choose file"
            ) from None
        return f"the keyring, entry {ref}"
    raise LookupError(f"password ({kind.value}): sendready cannot store a password there; put it there yourself")


def keyring_trouble() -> str:
    """Return why the keyring cannot be used here, or "" if it can."""
    try:
        _keyring("sendready/test")
    except LookupError as error:
        return str(error)
    return ""


def _what(kind: SecretSource, ref: str) -> str:
    # A command line may hold more than it should; only its program is named.
    names = {
        SecretSource.FILE: f"the password file {ref}",
        SecretSource.ENV: f"the environment variable {ref}",
        SecretSource.KEYRING: f"the keyring entry {ref}",
        SecretSource.COMMAND: "the first line of the command's output",
        SecretSource.CREDENTIAL: f"the systemd credential {ref}",
    }
    return names[kind]


def _from_file(path: Path, name: str, source: str = "file") -> str:
    try:
        # Opened without waiting, so that a pipe in the file's place cannot hang us. Links are fine: container platforms use them.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise LookupError(
            f"password ({source}): {name} cannot be read ({(error.strerror or 'unknown reason').lower()}); looked for {path}"
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise LookupError(f"password ({source}): {name} is not an ordinary file; looked at {path}")
        try:
            raw = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise LookupError(
                f"password ({source}): {name} cannot be read ({(error.strerror or 'unknown reason').lower()})"
            ) from None
    if len(raw) > MAX_BYTES:
        raise LookupError(f"password ({source}): {name} is larger than {MAX_BYTES} bytes; that is no password")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise LookupError(f"password ({source}): {name} is not UTF-8 text; save it as UTF-8") from None
    return _without_newline(text)


def _without_newline(text: str) -> str:
    """Take off exactly one line end: editors add it, and a password may end with a second one."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise LookupError(f"password (env): the environment variable {name} is not set; set it where sendready runs")
    return value


def _from_credential(name: str) -> str:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise LookupError(
            f"password (credential): there is no systemd credential here; run this in the service that has LoadCredential={name}"
        )
    if "/" in name or name in (".", ".."):
        raise LookupError("password (credential): a credential's name has no slash in it")
    return _from_file(Path(directory) / name, f"the systemd credential {name}", "credential")


def _from_keyring(ref: str) -> str:
    keyring, service, user = _keyring(ref)
    try:
        value = keyring.get_password(service, user)
    except Exception:  # noqa: BLE001 - each backend has its own errors
        raise LookupError(f"password (keyring): the keyring did not give the entry {ref}; unlock it and try again") from None
    if value is None:
        raise LookupError(
            f"password (keyring): the keyring has no entry {ref}; run the wizard, or: keyring set {shlex.quote(service)} {shlex.quote(user)}"
        )
    return str(value)


def _keyring(ref: str) -> tuple[Any, str, str]:
    service, slash, user = ref.rpartition("/")
    if not (service and slash and user):
        raise LookupError("password (keyring): name the entry as service/user, like sendready/office@example.org")
    try:
        import keyring  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise LookupError(
            'password (keyring): keyring support is not installed; pip install "sendready[keyring]", or choose file'
        ) from None
    kind = f"{type(keyring.get_keyring()).__module__}.{type(keyring.get_keyring()).__name__}"
    if kind.startswith(("keyring.backends.fail", "keyring.backends.null")):
        raise LookupError(
            "password (keyring): this machine has no keyring that can be used without a desktop; choose file or credential"
        )
    if "Plaintext" in kind:
        raise LookupError(
            "password (keyring): the keyring here keeps passwords in a readable file; choose file or credential, which say so"
        )
    return keyring, service, user


def _from_command(line: str, base: Path, hide: Iterable[str]) -> str:
    try:
        words = shlex.split(line)
    except ValueError:
        raise LookupError("password (command): the command line has an unclosed quote") from None
    if not words:
        raise LookupError("password (command): the command line is empty")
    program = words[0]
    try:
        process = subprocess.Popen(  # noqa: S603 - the person's own command, without a shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=base,
            env=_environment(os.environ, hide),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it cannot be started").lower()
        raise LookupError(f"password (command): {program} could not be started ({reason})") from None
    try:
        raw = _output(process, program)
    finally:
        _end(process)
    first = raw.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        return first.decode("utf-8")
    except UnicodeDecodeError:
        raise LookupError(f"password (command): what {program} printed is not UTF-8 text") from None


def _output(process: subprocess.Popen[bytes], program: str) -> bytes:
    """Read all of the output within the time; a program that leaves children behind cannot hold us."""
    late = LookupError(
        f"password (command): {program} did not end within {COMMAND_SECONDS:g} seconds; it must not wait for anybody"
    )
    ends = time.monotonic() + COMMAND_SECONDS
    raw = b""
    if process.stdout is None:
        raise LookupError(f"password (command): {program} gave no output")
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, ends - time.monotonic())):
                raise late
            chunk = os.read(process.stdout.fileno(), 8192)
            if not chunk:
                break
            raw += chunk
            if len(raw) > MAX_BYTES:
                raise LookupError(f"password (command): {program} printed more than {MAX_BYTES} bytes; that is no password")
    try:
        code = process.wait(max(0.0, ends - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise late from None
    if code != 0:
        raise LookupError(f"password (command): {program} failed with exit code {code}; run it yourself to see why")
    return raw


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


def _environment(whole: Mapping[str, str], hide: Iterable[str]) -> dict[str, str]:
    """Return what a command inherits: everything but other people's secrets."""
    hidden = set(hide)
    return {name: value for name, value in whole.items() if name not in hidden and not _SECRET_NAMES.search(name.upper())}
