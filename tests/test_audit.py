"""Audits: the list is read line by line, a bad line costs nothing but itself, and nothing is asked twice."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks.evidence import Probe, Reading, State
from checks.probes import DnsProbe, DnsReading
from wizard.audit import Once
from wizard.targets import read_targets

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = '[[servers]]\nname = "a"\nsender = { email = "a@club.example" }\nhost = "smtp.club.example"\nport = 587\nsecurity = "starttls"\nauth = "none"\n'


def targets(folder: Path, text: str) -> list[tuple[str, bool]]:
    file = folder / "list.txt"
    file.write_text(text, "utf-8")
    return [(target.name, bool(target.error)) for target in read_targets(file)]


def test_a_list_is_read_line_by_line(tmp_path: Path) -> None:
    """Comments, blank lines and repetitions are passed over; each bad line is an error of its own."""
    (tmp_path / "one.toml").write_text(SETTINGS, "utf-8")
    (tmp_path / "bad.toml").write_text("nonsense", "utf-8")
    text = "# list\nclub.example\n\nCLUB.example # twice, spelt differently\nclub.example\nnot a domain\none.toml\nbad.toml\nmissing.toml\nstraße.example\n"
    assert targets(tmp_path, text) == [
        ("club.example", False),
        ("not a domain", True),
        ("one.toml", False),
        ("bad.toml", True),
        ("missing.toml", True),
        ("xn--strae-oqa.example", False),
    ]


def test_a_folder_is_its_settings_files(tmp_path: Path) -> None:
    """Every *.toml below the folder is a target."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.toml").write_text(SETTINGS, "utf-8")
    (tmp_path / "a.toml").write_text(SETTINGS, "utf-8")
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    assert [target.name for target in read_targets(tmp_path)] == ["a.toml", "sub/b.toml"]


@pytest.mark.parametrize(
    "name", ["../../x", "con", "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 50, "con.example", "ä.example"]
)
def test_report_folders_stay_inside_and_do_not_collide(tmp_path: Path, name: str) -> None:
    """A target's name never becomes a path; reserved and overlong names get a harmless one."""
    [target] = read_targets_of(tmp_path, name)
    assert "/" not in target.folder
    assert not target.folder.startswith(".")
    assert len(target.folder) <= 100
    assert target.folder.partition(".")[0] not in ("con", "nul")


def read_targets_of(folder: Path, name: str) -> list[Any]:
    file = folder / "list.txt"
    file.write_text(name + "\n", "utf-8")
    return list(read_targets(file))


def test_nothing_is_asked_twice_across_targets() -> None:
    """Two targets that want the same answer at the same time share one question, also when one of them gives up."""
    asked = []

    async def gather(probe: Probe[Any], budget: float) -> Reading:
        asked.append(probe.id)
        await asyncio.sleep(0.05)
        return DnsReading(state=State.NODATA)

    async def both() -> list[Any]:
        once = Once(gather, 5)
        probe = DnsProbe("spf.provider.example", "TXT")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(once(probe, 5), 0.01)
        return list(await asyncio.gather(once(probe, 5), once(probe, 5)))

    assert len(asyncio.run(both())) == 2
    assert asked == ["dns spf.provider.example TXT"]


def test_the_command_keeps_every_result_and_exits_with_the_worst(tmp_path: Path) -> None:
    """A line per target, a JSON lines file, a page with links; a bad line gives 65 and the rest is there."""
    (tmp_path / "list.txt").write_text("a.example\nnot a domain\nb.example\n", "utf-8")
    arguments = [
        "audit",
        str(tmp_path / "list.txt"),
        "--output",
        str(tmp_path / "out"),
        "--nameserver",
        "127.0.0.1:1",
        "--timeout",
        "3",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )
    assert done.returncode == 65
    assert len(done.stdout.splitlines()) == 3
    assert "line 2" in done.stdout
    rows = [json.loads(line) for line in (tmp_path / "out" / "audit.jsonl").read_text("utf-8").splitlines()]
    assert {row["target"]: row["verdict"] for row in rows} == {
        "a.example": "not-fully-tested",
        "b.example": "not-fully-tested",
        "not a domain": "invalid",
    }
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    for row in rows:
        if row["report"]:
            assert (tmp_path / "out" / row["report"]).is_file()
            assert row["report"] in page


def test_an_empty_list_is_told(tmp_path: Path) -> None:
    """Nothing to check is no success."""
    (tmp_path / "list.txt").write_text("# nobody\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "audit", str(tmp_path / "list.txt"), "--output", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 65
    assert "nothing to check" in done.stderr


def test_one_target_whose_report_cannot_be_written_does_not_end_the_rest(tmp_path: Path) -> None:
    """A file where a folder should be, and a planted link, cost their own target only; the journal follows no link and is private."""
    (tmp_path / "list.txt").write_text("a.example\nb.example\nc.example\n", "utf-8")
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (out / "a.example").write_text("in the way", "utf-8")
    (out / "b.example").symlink_to(elsewhere)
    arguments = ["audit", str(tmp_path / "list.txt"), "--output", str(out), "--nameserver", "127.0.0.1:1", "--timeout", "3"]
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )
    assert done.returncode == 65
    assert "Traceback" not in done.stderr
    assert (out / "c.example" / "report.html").is_file()
    assert list(elsewhere.iterdir()) == []
    assert (out / "audit.jsonl").stat().st_mode & 0o777 == 0o600
    (out / "audit.jsonl").unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious", "utf-8")
    (out / "audit.jsonl").symlink_to(victim)
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )
    assert done.returncode == 65
    assert victim.read_text("utf-8") == "precious"


def test_what_comes_up_is_in_a_calendar_of_each_target(tmp_path: Path) -> None:
    """As after a check; a later audit in which nothing comes up takes the old file away."""
    until = '\n[test_mode]\nenabled = true\nredirect_to = "me@club.example"\nuntil = 2027-01-31\n'
    (tmp_path / "club.toml").write_text(SETTINGS + until, "utf-8")
    out = tmp_path / "out"
    arguments = ["audit", str(tmp_path / "club.toml"), "--output", str(out), "--nameserver", "127.0.0.1:1", "--timeout", "3"]
    for now, there in (("2026-11-23T12:00:00+00:00", True), ("2027-03-01T12:00:00+00:00", False)):
        subprocess.run(
            [sys.executable, "-m", "wizard", *arguments, "--now", now], capture_output=True, check=False, timeout=60, cwd=ROOT
        )
        found = list(out.glob("*/calendar.ics"))
        assert bool(found) is there
        assert not found or "DTSTART;VALUE=DATE:20270131" in found[0].read_text("utf-8")
