"""What the SPF rules hand to the report beside their sentences: the path of each address, and the tree."""

from __future__ import annotations

from checks.model import Finding
from tests.rules.test_cases import run_case

ZONE = """
@ TXT "v=spf1 ip4:192.0.2.1 include:spf.mailer.example -all"
spf.mailer.example. TXT "v=spf1 a:out.mailer.example -all"
out.mailer.example. A 203.0.113.9
"""


def said(rule: str, code: str, zone: str = ZONE, *, sending_ips: tuple[str, ...] = ()) -> Finding:
    found = run_case(rule, {"zone": zone, "sending_ips": sending_ips})
    return next(finding for finding in found if finding.code == code)


def test_the_path_of_each_address_is_told_with_its_cost() -> None:
    finding = said("spf_authorisation", "spf.authorised", sending_ips=("192.0.2.1", "203.0.113.9"))
    assert finding.args["paths"] == [
        "192.0.2.1: pass, without a look-up > club.example: ip4:192.0.2.1 (RFC 7208 section 5.6)",
        (
            "203.0.113.9: pass, after 2 look-ups > club.example: include:spf.mailer.example (RFC 7208 section 5.2)"
            " > spf.mailer.example: a:out.mailer.example (RFC 7208 section 5.3)"
        ),
    ]
    assert finding.args["lookups"] == 2
    assert finding.title.endswith("SPF result pass, after 2 look-ups")


def test_the_worst_case_is_told_with_its_tree() -> None:
    finding = said("spf_lookups", "spf.lookups-within-limit")
    assert finding.title.endswith("costs 2 of at most 10 look-ups at worst")
    assert finding.args["tree"] == [
        "1. club.example: include:spf.mailer.example (RFC 7208 section 5.2)",
        "2. · spf.mailer.example: a:out.mailer.example (RFC 7208 section 5.3)",
    ]


def test_a_fault_in_the_tree_comes_with_the_tree() -> None:
    zone = '@ TXT "v=spf1 include:spf.mailer.example -all"\nspf.mailer.example. TXT "v=spf1 include:gone.example -all"'
    assert said("spf_lookups", "spf.include-without-record", zone).args["tree"] == [
        "1. club.example: include:spf.mailer.example (RFC 7208 section 5.2)",
        "2. · spf.mailer.example: include:gone.example (RFC 7208 section 5.2)",
    ]
