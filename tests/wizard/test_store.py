"""The settings file is saved whole or not at all, by one writer at a time, and never loses what was there."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.settings import Settings, SettingsError
from tests.wizard.worlds import TEXT, server, settings
from wizard.store import StoreError, edit, load, locked, revisions, save

CANARY = "SECRETCANARY-7f3a"


def other(some: Settings, zone: str = "UTC") -> Settings:
    return some.model_copy(update={"timezone": zone})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.parent.iterdir()}


# --- loading ------------------------------------------------------------------------------------------------------------------


def test_what_was_saved_is_loaded(path: Path) -> None:
    saved = save(path, settings())
    assert saved.changed
    assert saved.revision is None
    assert load(path).settings == settings()
    assert load(path).document.as_string() == path.read_text()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\0" * 200, "damaged"),
        (b"a = 1\nb = \xff\n", "line 2: .*not UTF-8"),
        (b"timezone = \n", "line 1, column 12: this is not valid TOML"),
        (b"a = 1\na = 2\n[x", "not valid TOML"),
        (b"a = " + b"[" * 5000, "nested too deeply|not valid TOML"),
        (b"#" * 1_000_001, "larger than"),
        (TEXT.replace("587", '"x"').encode(), r"servers\[1\]\.port \(line 15\): this must be a whole number"),
        (TEXT.replace('per = "day"', 'pro = "day"').encode(), r"servers\[2\]\.limit\.pro \(line 31\): there is no such setting"),
        (b"schema_version = 2\nservers = []\n", r"schema_version \(line 1\): this file was written by a newer sendready"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained_with_its_line(path: Path, raw: bytes, says: str) -> None:
    path.write_bytes(raw)
    with pytest.raises(SettingsError, match=says):
        load(path)
    assert path.read_bytes() == raw


def test_a_missing_file_and_a_folder_are_named(path: Path) -> None:
    with pytest.raises(SettingsError, match=f"there is no file {path}; `sendready wizard"):
        load(path)
    path.mkdir()
    with pytest.raises(SettingsError, match="is a folder"):
        load(path)


def test_a_damaged_file_points_to_the_text_before_it(path: Path) -> None:
    save(path, settings())
    save(path, other(settings()))
    path.write_bytes(b"\0" * 100)
    with pytest.raises(SettingsError, match=r"kept in .*settings\.toml\.1"):
        load(path)


def test_no_message_shows_a_rejected_value(path: Path) -> None:
    for text in (
        f"password = {CANARY}\n",
        TEXT.replace('{ source = "file", ref = "office.password" }', f'"{CANARY}"'),
        TEXT.replace("587", f'"{CANARY}"'),
    ):
        path.write_text(text)
        with pytest.raises(SettingsError) as caught:
            load(path)
        assert CANARY not in str(caught.value)


def test_a_byte_order_mark_is_no_fault(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load(path).settings.timezone == "Europe/Berlin"


# --- saving -------------------------------------------------------------------------------------------------------------------


def test_everything_is_for_this_user_only_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        save(path, settings())
        save(path, other(settings()))
    finally:
        os.umask(before)
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}
    assert names(path) == {"settings.toml", "settings.toml.1"}


def test_a_loose_file_is_tightened_by_saving(path: Path) -> None:
    path.write_text(TEXT)
    path.chmod(0o644)
    edit(path, other)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_saving_what_is_there_writes_nothing(path: Path) -> None:
    path.write_text(TEXT)
    before = path.stat()
    assert not save(path, load(path).settings).changed
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(path) == {"settings.toml"}


def test_comments_and_spelling_survive(path: Path) -> None:
    path.write_text(TEXT)
    edit(path, other)
    assert path.read_text() == TEXT.replace('"Europe/Berlin"', '"UTC"')


def test_the_last_five_revisions_are_kept_exactly(path: Path) -> None:
    zones = ["UTC", "Europe/Berlin", "Europe/Paris", "Europe/Rome", "Europe/Vienna", "Europe/Zurich", "Asia/Tokyo", "Asia/Seoul"]
    texts = []
    for zone in zones:
        save(path, other(settings(), zone))
        texts.append(path.read_text())
    assert [kept.read_text() for kept in revisions(path)] == texts[-2:-7:-1]
    assert len(names(path)) == 6


def test_an_edited_document_can_be_saved_and_is_checked(path: Path) -> None:
    path.write_text(TEXT)
    loaded = load(path)
    loaded.document["timezone"] = "UTC"
    save(path, loaded.document)
    assert load(path).settings.timezone == "UTC"
    loaded.document["timezone"] = "Mars"
    with pytest.raises(SettingsError, match="time zone"):
        save(path, loaded.document)
    assert load(path).settings.timezone == "UTC"


def test_somebody_elses_change_is_not_overwritten(path: Path) -> None:
    path.write_text(TEXT)
    loaded = load(path)
    edit(path, other)
    with pytest.raises(StoreError, match="changed by somebody else"):
        save(path, other(loaded.settings, "Asia/Tokyo"), based_on=loaded.document)
    assert load(path).settings.timezone == "UTC"


@pytest.mark.parametrize("text", ["schema_version = 99\nfuture = true\n", "servers = 3\n", "not toml"])
def test_a_newer_or_broken_file_is_refused_and_untouched(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(StoreError, match="not touched" if "99" in text else "not overwritten"):
        save(path, settings())
    assert path.read_text() == text
    assert names(path) == {"settings.toml"}


def test_links_are_refused(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text(TEXT)
    path.symlink_to(victim)
    with pytest.raises(StoreError, match="symbolic link"):
        save(path, settings())
    path.unlink()
    path.with_name("settings.toml.lock").symlink_to(victim)
    with pytest.raises(StoreError, match="symbolic link"):
        save(path, settings())
    path.with_name("settings.toml.lock").unlink()
    path.with_name("settings.toml.1").symlink_to(victim)
    save(path, settings())
    save(path, other(settings()))
    assert victim.read_text() == TEXT


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no folder .*absent"):
        save(tmp_path / "absent" / "settings.toml", settings())


# --- faults of the disk ---------------------------------------------------------------------------------------------------------


class Disk:
    """Counts the calls that change the disk; lets one of them fail."""

    CALLS = ("open", "fsync", "replace")

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int = 0, kill: bool = False) -> None:
        self.log: list[str] = []
        for name in self.CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name), fail_at, kill))
        monkeypatch.setattr(Path, "replace", lambda source, target: os.replace(source, target))  # noqa: PLW0108, PTH105 - must find the wrapped one

    def _wrapped(self, name: str, real: Callable[..., Any], fail_at: int, kill: bool) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **options)
            if name == "fsync":
                self.log.append("fsync folder" if stat.S_ISDIR(os.fstat(args[0]).st_mode) else "fsync file")
            else:
                self.log.append(f"{name} {Path(args[-1] if name == 'replace' else args[0]).name.split('.')[-1]}")
            if len(self.log) == fail_at:
                if kill:
                    os._exit(9)
                raise OSError(errno.EIO, "Input/output error")
            return real(*args, **options)

        return call


def test_bytes_reach_the_disk_before_the_name_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, settings())
    disk = Disk(monkeypatch)
    save(path, other(settings()))
    revision = ["open tmp", "fsync file", "replace 1", "fsync folder"]
    assert disk.log == ["open lock", *revision, "open tmp", "fsync file", "replace toml", "fsync folder"]


POINTS = range(1, 10)


@pytest.mark.parametrize("point", POINTS)
def test_a_disk_error_at_any_point_leaves_the_old_file_or_the_whole_new_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    save(path, settings())
    old = path.read_text()
    with monkeypatch.context() as patch:
        Disk(patch, fail_at=point)
        with pytest.raises(StoreError, match=r"settings\.toml"):
            save(path, other(settings()))
    new = old.replace("Europe/Berlin", "UTC")
    assert path.read_text() == (new if point == 9 else old)
    assert not [name for name in names(path) if name.endswith((".tmp", ".lock"))]
    save(path, other(settings()))
    assert path.read_text() == new


@pytest.mark.parametrize("point", POINTS)
def test_a_process_killed_at_any_point_leaves_old_or_new_and_no_lock(path: Path, point: int) -> None:
    save(path, settings())
    old = path.read_text()
    if (child := os.fork()) == 0:
        Disk(pytest.MonkeyPatch(), fail_at=point, kill=True)
        save(path, other(settings()))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    new = old.replace("Europe/Berlin", "UTC")
    assert path.read_text() == (new if point == 9 else old)
    save(path, other(settings()), wait=0.5)
    assert path.read_text() == new
    assert len(revisions(path)) == 1
    assert revisions(path)[0].read_text() == old


def test_a_full_disk_leaves_the_old_file(path: Path) -> None:
    save(path, settings())
    old = path.read_text()
    if (child := os.fork()) == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            save(path, settings(server(), server("News", default=False)))
        except StoreError as error:
            os._exit(0 if "could not be saved" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert path.read_text() == old
    assert not [name for name in names(path) if name.endswith(".tmp")]


# --- several writers ------------------------------------------------------------------------------------------------------------


def test_a_lock_that_is_held_is_waited_for_and_its_holder_named(path: Path) -> None:
    with locked(path), pytest.raises(StoreError, match=f"being changed by process {os.getpid()}"):
        save(path, settings(), wait=0.1)
    assert save(path, settings(), wait=0.1).changed


def test_a_waiting_writer_goes_on_when_the_lock_is_free(path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        save(path, settings())
        done.set()

    with locked(path):
        thread = threading.Thread(target=write)
        thread.start()
        assert not done.wait(0.1)
    assert done.wait(5)
    thread.join()


def _count_up(path: Path, times: int) -> None:
    for _ in range(times):
        edit(
            path,
            lambda now: now.model_copy(
                update={"volume": now.volume.model_copy(update={"licences": (now.volume.licences or 0) + 1})}
            ),
            wait=30,
        )


def test_several_writers_lose_no_update(path: Path) -> None:
    save(path, settings())
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_count_up, args=(path, 10)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert load(path).settings.volume.licences == 40
    assert not path.with_name("settings.toml.lock").exists()


def test_a_file_of_another_user_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, settings())
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 4242)
    with pytest.raises(StoreError, match="belongs to another user"):
        save(path, other(settings()))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand a file to somebody")
def test_root_hands_the_file_back_to_its_owner(path: Path) -> None:
    save(path, settings())
    os.chown(path, 65534, 65534)
    save(path, other(settings()))
    assert {(entry.stat().st_uid, entry.stat().st_gid) for entry in path.parent.iterdir()} == {(65534, 65534)}
