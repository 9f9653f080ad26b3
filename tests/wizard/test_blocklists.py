"""`check --blocklists` as a person runs it, against a name server on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fakes.dns_server import DnsServer

ROOT = Path(__file__).resolve().parent.parent.parent
ZONE = """
@ MX 10 mail
mail A 192.0.2.25
2.0.0.127.zen.spamhaus.org. A 127.0.0.2
25.2.0.192.zen.spamhaus.org. A 127.0.0.4
"""


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "wizard", *arguments, "--format", "json"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def codes(report: dict[str, Any]) -> set[str]:
    return {finding["code"] for check in report["checks"] for finding in check["findings"]}


def test_lists_are_asked_only_on_demand_and_the_demand_is_kept(tmp_path: Path) -> None:
    """Without the flag no list hears of the address; with it the listing is told, and so it is from the saved evidence."""
    with DnsServer(ZONE) as server:
        usual = ["check", "--domain", "club.example", "--only", "reputation", "--sending-ip", "192.0.2.25"]
        usual += ["--nameserver", server.address]
        code, report = run(*usual)
        assert codes(report) == {"reputation.not-asked"}
        assert not [asked for asked in server.asked if "spamhaus" in asked.name]
        code, report = run(*usual, "--blocklists", "--output", str(tmp_path))
    assert codes(report) == {"reputation.listed-address"}
    assert report["subject"]["blocklists"] is True
    assert "--blocklists" in (tmp_path / "report.html").read_text("utf-8")
    again, saved = run("judge", str(tmp_path / "evidence.json"))
    assert (again, codes(saved)) == (code, codes(report))
