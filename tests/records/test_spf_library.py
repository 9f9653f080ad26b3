"""Where pyspf goes wrong by itself, and our door does not. Each row is a line of docs/spf-library-faults.md."""

from __future__ import annotations

import asyncio
import socket
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from checks.engine import Run
from checks.probes import DnsRecord
from checks.records.spf_door import Result, check_host
from tests.fakes.zone import ZoneWorld

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import spf as pyspf

PAGE = Path(__file__).parents[2] / "docs" / "spf-library-faults.md"
TEN = " ".join(f"a:h{number}.example" for number in range(9))
TEN_HOSTS = "\n".join(f"h{number}.example. A 198.51.100.1" for number in range(9))
REVERSE = "1.2.0.192.in-addr.arpa"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One world in which the library and RFC 7208 differ."""

    zone: str
    faults: Mapping[str, str] = field(default_factory=dict)
    mail_from: str = "news@club.example"
    alone: str
    """What the library says when nobody stands in front of it."""
    right: str
    """What RFC 7208 says."""


FAULTS = {
    "redirect-counted-early": Fault(
        zone=f'@ TXT "v=spf1 {TEN} a:me.example redirect=r.example"\nme.example. A 192.0.2.1\nr.example. TXT "v=spf1 -all"\n{TEN_HOSTS}',
        alone="permerror",
        right="pass",
    ),
    "include-of-itself-unreached": Fault(
        zone='@ TXT "v=spf1 ip4:192.0.2.1 include:club.example -all"', alone="permerror", right="pass"
    ),
    "macro-expanded-early": Fault(
        zone='@ TXT "v=spf1 ip4:192.0.2.1 exists:%{p}.x.example -all"',
        faults={f"dns {REVERSE} PTR": "servfail"},
        alone="temperror",
        right="pass",
    ),
    "explanation-fetched-early": Fault(
        zone='@ TXT "v=spf1 ip4:192.0.2.1 -all exp=%{p}.example"',
        faults={f"dns {REVERSE} PTR": "servfail"},
        alone="temperror",
        right="pass",
    ),
    "reverse-name-failure": Fault(
        zone='@ TXT "v=spf1 ptr ?all"', faults={f"dns {REVERSE} PTR": "servfail"}, alone="temperror", right="neutral"
    ),
    "mail-exchanger-failure": Fault(
        zone='@ TXT "v=spf1 mx -all"\n@ MX 1 m1\n@ MX 2 m2\nm1 A 192.0.2.1',
        faults={"dns m2.club.example A": "servfail"},
        alone="temperror",
        right="pass",
    ),
    "modifier-in-capitals": Fault(
        zone='@ TXT "v=spf1 REDIRECT=r.example"\nr.example. TXT "v=spf1 -all"', alone="neutral", right="fail"
    ),
    "second-modifier-in-capitals": Fault(zone='@ TXT "v=spf1 exp=a.example Exp=b.example -all"', alone="fail", right="permerror"),
    "zero-labels-kept": Fault(zone='@ TXT "v=spf1 a:%{d0}.example -all"', alone="fail", right="permerror"),
    "quoted-local-part": Fault(
        zone='@ TXT "v=spf1 ip4:192.0.2.1 -all"', mail_from='"a@b"@club.example', alone="none", right="pass"
    ),
    "long-name-cut-once": Fault(
        zone=f'@ TXT "v=spf1 a:{".".join(["%{d}"] * 22)} -all"\n{"club.example." * 19} A 192.0.2.1', alone="fail", right="pass"
    ),
    "validated-name-kept": Fault(
        zone=f"""
            @ TXT "v=spf1 exists:%{{p}}.no.example include:x.example -all"
            x.example. TXT "v=spf1 exists:%{{p}}.ok.example -all"
            {REVERSE}. PTR m.club.example.
            {REVERSE}. PTR m.x.example.
            m.club.example. A 192.0.2.1
            m.x.example. A 192.0.2.1
            m.x.example.ok.example. A 127.0.0.2
            """,
        alone="fail",
        right="pass",
    ),
}


def library(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> str:
    """Ask pyspf alone, with the same zone below it."""
    world = ZoneWorld(fault.zone, faults=fault.faults)

    def lookup(name: str, qtype: str, *_: object) -> Iterator[tuple[tuple[str, str], Any]]:
        if f"dns {name} {qtype}" in fault.faults:
            raise pyspf.TempError("DNS failure")
        for record in world.answer(name, qtype).records:
            yield (name, qtype), _as_pyspf_wants(record, qtype)

    monkeypatch.setattr(pyspf, "DNSLookup", lookup)
    return str(pyspf.query("192.0.2.1", fault.mail_from, "mail.club.example").check()[0])


def _as_pyspf_wants(record: DnsRecord, qtype: str) -> Any:
    if qtype == "TXT":
        return tuple(part.encode("latin-1") for part in record.strings)
    if qtype == "MX":
        return record.preference, record.value
    return socket.inet_pton(socket.AF_INET6, record.value) if qtype == "AAAA" else record.value


def door(fault: Fault) -> Result:
    run = Run(gather=ZoneWorld(fault.zone, faults=fault.faults), deadline=30)
    return asyncio.run(
        run.answer(lambda ev: check_host(ip="192.0.2.1", mail_from=fault.mail_from, helo="mail.club.example", ev=ev))
    ).result


@pytest.mark.parametrize("name", FAULTS)
def test_the_door_is_right_where_the_library_is_not(name: str) -> None:
    assert door(FAULTS[name]).value == FAULTS[name].right


@pytest.mark.parametrize("name", FAULTS)
def test_the_library_still_has_the_fault(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once this fails, the library has been mended: the workaround and its line in the page may go."""
    assert library(FAULTS[name], monkeypatch) == FAULTS[name].alone


def test_every_fault_is_on_the_page() -> None:
    """docs/spf-library-faults.md lists these faults, all of them, with both results."""
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    listed = {row.split("`")[1]: tuple(cell.strip() for cell in row.split("|")[3:5]) for row in rows}
    assert listed == {name: (fault.alone, fault.right) for name, fault in FAULTS.items()}
