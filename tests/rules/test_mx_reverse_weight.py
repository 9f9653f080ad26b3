"""How much the findings about mail servers and reverse names weigh: by role, by whose server it is, by what is left."""

from __future__ import annotations

from typing import Any

import pytest

from checks.model import Status
from tests.rules.test_cases import run_case


def server(host: str) -> dict[str, Any]:
    sender = {"email": "office@club.example"}
    row = {"name": "own", "default": True, "host": host, "port": 587, "security": "starttls", "auth": "none", "sender": sender}
    return {"servers": [row]}


ENVELOPE, FROM = {"roles": ["envelope"]}, {"roles": ["from"]}


@pytest.mark.parametrize(
    ("rule", "case", "code", "status"),
    [
        ("mx_record", {"zone": '@ TXT "x"', **ENVELOPE}, "mx.missing", Status.FAIL),
        ("mx_record", {"zone": '@ TXT "x"', **FROM}, "mx.missing", Status.WARN),
        ("mx_record", {"zone": "@ MX 0 .", **ENVELOPE}, "mx.null-record", Status.FAIL),
        ("mx_record", {"zone": "@ MX 0 .", **FROM}, "mx.null-record", Status.NOTE),
        ("mx_target", {"zone": "@ MX 10 mail", **ENVELOPE}, "mx.target-unresolvable", Status.FAIL),
        ("mx_target", {"zone": "@ MX 10 mail", **FROM}, "mx.target-unresolvable", Status.WARN),
        ("mx_target", {"zone": "@ MX 10 mail\n@ MX 20 b\nb A 9.9.9.9"}, "mx.target-unresolvable", Status.WARN),
        ("mx_target", {"zone": "@ MX 10 mail\n@ MX 20 b", "faults": {"dns b.club.example A": "servfail"}}, "mx.target-unresolvable", Status.WARN),
        ("mx_target", {"zone": "@ MX 10 9.9.9.9."}, "mx.target-literal", Status.FAIL),
        ("mx_target", {"zone": "@ MX 10 mail\nmail A 10.0.0.1"}, "mx.target-reserved", Status.FAIL),
        ("mx_target", {"zone": "@ MX 10 mail\nmail A 10.0.0.1\nmail A 9.9.9.9"}, "mx.target-reserved", Status.WARN),
        ("reverse_name", {"zone": "mail A 9.9.9.9", "settings": server("mail.club.example")}, "reverse.server-without-name", Status.FAIL),
        ("reverse_name", {"zone": "smtp.isp.example. A 9.9.9.9", "settings": server("smtp.isp.example")}, "reverse.server-without-name", Status.WARN),
    ],
)  # fmt: skip
def test_weight(rule: str, case: dict[str, Any], code: str, status: Status) -> None:
    assert {finding.status for finding in run_case(rule, case) if finding.code == code} == {status}


def test_a_flood_of_reverse_names_costs_few_questions() -> None:
    """Ten names are looked up, however many there are (threat H13); that none of them leads back says nothing of the rest."""
    zone = "\n".join(f"25.2.0.192.in-addr.arpa. PTR h{number:04d}" for number in range(1000))
    findings = run_case("reverse_sending_address", {"zone": zone, "sending_ips": ["192.0.2.25"]})
    assert {finding.code for finding in findings} == {"reverse.sending-address-unknown", "reverse.sender-several-names"}
    assert max(len(finding.consulted) for finding in findings) <= 11
    assert max(len(finding.title) for finding in findings) < 400


def test_a_forgotten_final_dot_is_recognised() -> None:
    findings = run_case("mx_target", {"zone": "@ MX 10 mx.provider.example"})
    remedy = findings[0].remedy
    assert remedy is not None
    assert "mx.provider.example. (a dot at the end)" in remedy.steps[0]
