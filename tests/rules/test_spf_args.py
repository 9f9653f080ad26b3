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


BIG = """
@ TXT "v=spf1 include:spf.protection.outlook.com include:sendgrid.net include:_spf.google.com include:spf.crm.example a:web.club.example mx -all"
@ MX 10 mail
mail A 192.0.2.25
web A 192.0.2.80
spf.protection.outlook.com. TXT "v=spf1 include:spfd.protection.outlook.com -all"
spfd.protection.outlook.com. TXT "v=spf1 ip4:203.0.113.0/28 -all"
sendgrid.net. TXT "v=spf1 include:u1.sendgrid.net include:u2.sendgrid.net -all"
u1.sendgrid.net. TXT "v=spf1 ip4:203.0.113.32/28 -all"
u2.sendgrid.net. TXT "v=spf1 ip4:203.0.113.48/28 -all"
_spf.google.com. TXT "v=spf1 include:_netblocks.google.com -all"
_netblocks.google.com. TXT "v=spf1 ip4:203.0.113.64/28 -all"
spf.crm.example. TXT "v=spf1 a:out.crm.example -all"
out.crm.example. A 203.0.113.80
"""


def test_over_the_limit_each_term_is_told_with_its_owner_and_cost() -> None:
    finding = said("spf_lookups", "spf.too-many-lookups", BIG)
    assert finding.args["owners"] == [
        "include:sendgrid.net (Twilio SendGrid) 3",
        "include:spf.protection.outlook.com (Microsoft 365) 2",
        "include:_spf.google.com (Gmail or Google Workspace mailbox) 2",
        "include:spf.crm.example (whoever runs crm.example) 2",
        "a:web.club.example (your own) 1",
        "mx (your own) 1",
    ]


def test_over_the_limit_the_ways_out_are_told_with_their_price() -> None:
    """Dropping is asked as a question, a sub-domain comes with its record, flattening with its work."""
    finding = said("spf_lookups", "spf.too-many-lookups", BIG, sending_ips=("203.0.113.33",))
    assert finding.remedy is not None
    assert not finding.remedy.records
    costs, drop, sub_domain, flatten = finding.remedy.steps
    assert "include:sendgrid.net (Twilio SendGrid) 3" in costs
    assert drop.startswith("Is mail of club.example still sent through Twilio SendGrid, Microsoft 365 and Gmail or")
    assert 'publish at mail.club.example the TXT record "v=spf1 ip4:203.0.113.33 ~all" and an MX record' in sub_domain
    assert "behind include:sendgrid.net into the record yourself" in flatten
    assert "compare them every week" in flatten


def test_a_sub_domain_that_has_a_record_already_is_not_proposed() -> None:
    finding = said("spf_lookups", "spf.too-many-lookups", BIG + '\nmail TXT "v=spf1 a -all"')
    assert finding.remedy is not None
    assert "publish at send.club.example the TXT record" in finding.remedy.steps[2]


def test_a_provider_that_a_server_here_uses_is_not_put_in_question() -> None:
    server = {"name": "Office", "default": True, "host": "smtp.office365.com", "port": 587, "security": "starttls", "auth": "none",
              "sender": {"email": "news@club.example"}}  # fmt: skip
    found = run_case("spf_lookups", {"zone": BIG, "settings": {"servers": [server]}})
    finding = next(finding for finding in found if finding.code == "spf.too-many-lookups")
    assert finding.remedy is not None
    assert "Microsoft" not in finding.remedy.steps[1]
    assert "No server in the settings uses them." in finding.remedy.steps[1]
    assert '"v=spf1 include:spf.protection.outlook.com ~all"' in finding.remedy.steps[2]
