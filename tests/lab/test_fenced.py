"""The whole program where nothing gets out: blocked from here is told apart from closed there, on real sockets that drop or refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FENCE = ("unshare", "--user", "--map-root-user", "--net")
ALARMING = ("fail", "warn", "unknown", "broken")


@cache
def fence_is_possible() -> bool:
    """Whether this machine lets us have a network of our own."""
    try:
        done = subprocess.run([*FENCE, "ip", "link", "set", "lo", "up"], capture_output=True, check=False, timeout=10)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.mark.parametrize(
    ("situation", "code", "alarms", "notes"),
    [
        ("deaf, controls listen", 2, ["port.silent-server"], []),
        ("deaf, controls deaf", 3, ["port.blocked-from-here", "vantage.blocked-port"], []),
        ("deaf, controls refuse", 3, ["port.blocked-from-here", "vantage.blocked-port"], []),
        ("away, controls listen", 2, ["port.silent-server"], []),
        ("away, controls refuse", 3, ["port.no-route", "vantage.blocked-port"], []),
        ("six, controls listen", 3, ["port.no-route", "vantage.blocked-port", "vantage.ipv6-missing"], []),
        ("both, controls refuse", 0, [], ["port.address-not-tried", "vantage.ipv6-missing"]),
    ],
)
def test_blocked_from_here_or_closed_there(
    situation: str, code: int, alarms: list[str], notes: list[str], tmp_path: Path
) -> None:
    """The server drops what comes, or there is no way to it; the controls listen, drop or refuse."""
    if not fence_is_possible():
        pytest.skip("this machine allows no network namespaces")
    done = subprocess.run(
        [*FENCE, sys.executable, "-m", "tests.lab.fenced", situation, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    report = json.loads(done.stdout)
    findings = [finding for check in report["checks"] for finding in check["findings"]]
    assert sorted(finding["code"] for finding in findings if finding["status"] in ALARMING) == alarms
    assert sorted(finding["code"] for finding in findings if finding["status"] == "note") == notes
    assert done.returncode == code
