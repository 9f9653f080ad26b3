"""`sendready spf` against a name server on loopback: what it prints for people, and what for machines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.dns_server import DnsServer

ROOT = Path(__file__).resolve().parent.parent
ZONE = """
@ TXT "v=spf1 include:spf.mailer.example a:web.club.example -all exp=why.club.example"
web A 192.0.2.80
why TXT "%{i} is none of ours"
spf.mailer.example. TXT "v=spf1 mx:out.mailer.example ip4:203.0.113.0/26 -all"
out.mailer.example. MX 10 out1.mailer.example.
out1.mailer.example. A 203.0.113.99
mail TXT "v=spf1 a -all"
mail A 192.0.2.25
mail AAAA 2001:db8::25
loop TXT "v=spf1 include:loop.club.example -all"
"""


def spf(ip: str, mail_from: str = "news@club.example", *more: str, zone: str = ZONE) -> subprocess.CompletedProcess[str]:
    with DnsServer(zone=zone) as server:
        return subprocess.run(
            [sys.executable, "-m", "wizard", "spf", "--ip", ip, "--mail-from", mail_from, "--helo", "mail.club.example", "--nameserver",
             server.address, *more],
            capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
        )  # fmt: skip


def test_the_text_shows_the_path_with_sections_and_both_numbers() -> None:
    """The path that this message takes, what it costs, and what the whole record costs at worst."""
    assert spf("203.0.113.1").stdout.splitlines() == [
        "pass: mail from news@club.example sent by 203.0.113.1",
        "  club.example: include:spf.mailer.example (RFC 7208 section 5.2)",
        "  spf.mailer.example: ip4:203.0.113.0/26 (RFC 7208 section 5.6)",
        "  this message: 2 look-ups of 10, 0 of 2 that find nothing",
        "  the whole record, at worst: 3 look-ups of 10",
        "    1. club.example: include:spf.mailer.example (RFC 7208 section 5.2)",
        "    2. · spf.mailer.example: mx:out.mailer.example (RFC 7208 section 5.4)",
        "    3. club.example: a:web.club.example (RFC 7208 section 5.3)",
    ]


def test_the_json_has_exactly_the_five_fields() -> None:
    """The contract with machines: no section, no tree."""
    assert json.loads(spf("203.0.113.1", "news@club.example", "--format", "json").stdout) == {
        "result": "pass",
        "explanation": "",
        "lookups": 2,
        "void_lookups": 0,
        "path": ["club.example: include:spf.mailer.example", "spf.mailer.example: ip4:203.0.113.0/26"],
    }


@pytest.mark.parametrize(
    ("ip", "mail_from", "result"),
    [
        ("192.0.2.80", "news@club.example", "pass"),
        ("198.51.100.1", "news@club.example", "fail"),
        ("192.0.2.25", "", "pass"),
        ("2001:db8::25", "", "pass"),
        ("2001:db8::26", "", "fail"),
        ("192.0.2.25", "x@nothing.example", "none"),
        ("192.0.2.25", "x@loop.club.example", "permerror"),
    ],
)
def test_each_identity_and_family_has_its_answer(ip: str, mail_from: str, result: str) -> None:
    """MAIL FROM, and HELO for a bounce; IPv4 and IPv6."""
    done = spf(ip, mail_from)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{result}: ")


def test_the_domain_explains_a_fail_in_its_own_words() -> None:
    assert "  198.51.100.1 is none of ours\n" in spf("198.51.100.1").stdout


def test_what_a_stranger_publishes_cannot_write_on_the_terminal() -> None:
    """A control sequence in an explanation is shown, not obeyed."""
    done = spf("198.51.100.1", zone='@ TXT "v=spf1 -all exp=why.club.example"\nwhy TXT "\\027]0;x\\007 no"')
    assert "\x1b" not in done.stdout
    assert "]0;x" in done.stdout


def test_a_record_that_never_ends_is_shown_as_far_as_it_was_followed() -> None:
    assert "at worst: 1 look-up of 10, or more: a part of it cannot be used" in spf("192.0.2.1", "x@loop.club.example").stdout
