"""A resolver that checks signatures (unbound) in front of signed zones (NSD): signed, false and unsigned are three things."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.dnssec
import dns.name
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import Algorithm

from .nsd import Nsd
from .process import Workspace
from .unbound import Unbound
from .zones import render

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parent.parent.parent
BODY = """
@ TXT "v=spf1 ip4:198.51.100.25 -all"
@ MX 10 mail
mail A 198.51.100.25
_dmarc TXT "v=DMARC1; p=reject"
_25._tcp.mail TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000001
"""
DAY = timedelta(days=1)


def signed(name: str, *, ends: timedelta) -> tuple[str, str]:
    """Return the signed zone and its DS record."""
    zone = dns.zone.from_text(render(name, BODY), origin=dns.name.from_text(name), relativize=False)
    private = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), Algorithm.ECDSAP256SHA256, flags=257)
    now = datetime.now(UTC)
    dns.dnssec.sign_zone(zone, keys=[(private, key)], inception=now - 30 * DAY, expiration=now + ends)
    return zone.to_text(relativize=False), f"{name}. DS {dns.dnssec.make_ds(name + '.', key, 'SHA256')}"


@pytest.fixture(scope="module", name="resolver")
def validating_resolver() -> Iterator[str]:
    workspace = Workspace()
    try:
        good, good_ds = signed("signed.example", ends=30 * DAY)
        late, late_ds = signed("expired.example", ends=-DAY)
        false, false_ds = signed("altered.example", ends=30 * DAY)
        zones = {
            "signed.example": good,
            "expired.example": late,
            "altered.example": false.replace("198.51.100.25", "203.0.113.25")
            .replace("p=reject", "p=none")
            .replace(" 10 mail", " 20 mail"),
            "plain.example": BODY,
        }
        nsd = Nsd(workspace, zones)
        anchors = "".join(f'  trust-anchor: "{ds}"\n' for ds in (good_ds, late_ds, false_ds))
        # The zones name a server at port 53; a stub for each keeps unbound with ours.
        stubs = "".join(f'stub-zone:\n  name: "{zone}"\n  stub-addr: {nsd.address.replace(":", "@")}\n' for zone in zones)
        extra = f'  module-config: "validator iterator"\n  ede: yes\n{anchors}{stubs}'
        yield Unbound(workspace, nsd, extra=extra).address
    finally:
        workspace.close()


def check(resolver: str, domain: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "wizard", "check", "--domain", domain, "--nameserver", resolver, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        cwd=ROOT,
    )
    assert "Traceback" not in done.stderr
    return {finding["code"]: finding for one in json.loads(done.stdout)["checks"] for finding in one["findings"]}


def test_a_zone_whose_signatures_hold_is_signed(resolver: str) -> None:
    """And its TLSA record counts, because only a signed one does (RFC 7672 section 2.2)."""
    found = check(resolver, "signed.example")
    assert found["dnssec.signed"]["status"] == "pass"
    assert not [
        code
        for code, finding in found.items()
        if code.startswith(("spf.", "dmarc.", "mx.")) and finding["status"] in ("fail", "unknown")
    ]


@pytest.mark.parametrize("domain", ["expired.example", "altered.example"])
def test_signatures_that_do_not_hold_are_told_once(resolver: str, domain: str) -> None:
    """One clear alarm that names the reason; what hangs on it is unknown, never "missing"."""
    found = check(resolver, domain)
    codes = {code for code, finding in found.items() if finding["status"] in ("fail", "warn")}
    assert not {code for code, finding in found.items() if code.endswith("missing") and finding["status"] in ("fail", "warn")}
    assert codes <= {"dnssec.false-signatures", "dkim.no-keys"}  # there is none, and that is signed
    if domain == "expired.example":
        assert codes == {"dnssec.false-signatures"}
        assert "expired" in found["dnssec.false-signatures"]["title"].lower()


def test_a_zone_without_signatures_is_no_fault(resolver: str) -> None:
    found = check(resolver, "plain.example")
    assert found["dnssec.unsigned"]["status"] == "not-applicable"
    assert not [
        code
        for code, finding in found.items()
        if finding["status"] in ("fail", "unknown") and not code.startswith(("dkim.", "reverse."))
    ]
