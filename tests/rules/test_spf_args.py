"""What the SPF rules hand to the report beside their sentences: the path of each address, and the tree."""

from __future__ import annotations

import json

import pytest

from checks.model import Finding
from checks.records.spf_shown import ShownMatch, ShownStep, ShownTree, ShownWay, ShownWays, tree_of, ways_of
from tests.rules.test_cases import run_case

ZONE = """
@ TXT "v=spf1 ip4:192.0.2.1 include:spf.mailer.example -all"
spf.mailer.example. TXT "v=spf1 a:out.mailer.example -all"
out.mailer.example. A 203.0.113.9
"""


def said(rule: str, code: str, zone: str = ZONE, *, sending_ips: tuple[str, ...] = ()) -> Finding:
    found = run_case(rule, {"zone": zone, "sending_ips": sending_ips})
    return next(finding for finding in found if finding.code == code)


def tree(finding: Finding) -> ShownTree:
    found = tree_of(finding.args["tree"])
    assert found is not None
    return found


def ways(finding: Finding) -> ShownWays:
    found = ways_of(finding.args["paths"])
    assert found is not None
    return found


def test_the_path_of_each_address_is_told_with_its_cost() -> None:
    finding = said("spf_authorisation", "spf.authorised", sending_ips=("192.0.2.1", "203.0.113.9"))
    assert ways(finding) == ShownWays(
        domain="club.example",
        lookup_limit=10,
        void_limit=2,
        ways=(
            ShownWay(
                identity="mail-from", sender="postmaster@club.example", address="192.0.2.1", result="pass", lookups=0, void_lookups=0,
                matches=(ShownMatch(domain="club.example", term="ip4:192.0.2.1", section="RFC 7208 section 5.6"),),
            ),
            ShownWay(
                identity="mail-from", sender="postmaster@club.example", address="203.0.113.9", result="pass", lookups=2, void_lookups=0,
                matches=(
                    ShownMatch(domain="club.example", term="include:spf.mailer.example", section="RFC 7208 section 5.2"),
                    ShownMatch(domain="spf.mailer.example", term="a:out.mailer.example", section="RFC 7208 section 5.3"),
                ),
            ),
        ),
    )  # fmt: skip
    assert finding.args["lookups"] == 2
    assert finding.title.endswith("SPF result pass, after 2 look-ups")


def test_a_void_look_up_on_the_way_of_one_address_is_counted_there() -> None:
    """A name without an address of the sender's kind costs that sender a void look-up, and no other."""
    zone = '@ TXT "v=spf1 a:four.club.example ip6:2001:db8::/32 ip4:192.0.2.0/24 -all"\nfour A 198.51.100.1'
    finding = said("spf_authorisation", "spf.authorised", zone, sending_ips=("192.0.2.1", "2001:db8::1"))
    assert [(way.address, way.void_lookups) for way in ways(finding).ways] == [("192.0.2.1", 0), ("2001:db8::1", 1)]
    assert tree(said("spf_lookups", "spf.lookups-within-limit", zone)).void_lookups == 0


def test_receivers_that_give_up_are_told_where() -> None:
    """Also where another check says that the whole record is broken."""
    chain = "\n".join(f's{n} TXT "v=spf1 include:s{n + 1}.club.example -all"' for n in range(12))
    zone = f'@ TXT "v=spf1 ip4:192.0.2.1 include:s0.club.example -all"\n{chain}\ns12 TXT "v=spf1 -all"'
    finding = said("spf_authorisation", "spf.authorisation-not-judged", zone, sending_ips=("198.51.100.7",))
    (way,) = ways(finding).ways
    assert (way.result, way.lookups, way.problem, way.matches) == ("permerror", 11, "more than 10 look-ups", ())


def test_every_sender_of_a_broken_record_has_its_way() -> None:
    """Two servers are two findings, though the reason is the same."""
    servers = [SERVER, SERVER | {"name": "Other", "default": False, "host": "mail2.club.example", "filter": ["a@club.example"]}]
    zone = '@ TXT "v=spf1 include:gone.example -all"\nmail A 192.0.2.5\nmail2 A 192.0.2.6'
    found = run_case("spf_authorisation", {"zone": zone, "settings": {"servers": servers}})
    told = [ways(finding).ways for finding in found if finding.code == "spf.authorisation-not-judged"]
    assert [way.address for each in told for way in each] == ["192.0.2.5", "192.0.2.6"]


SERVER = {"name": "Own", "default": True, "host": "mail.club.example", "port": 587, "security": "starttls", "auth": "none",
          "sender": {"email": "news@club.example"}, "ehlo": "out.club.example"}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "code", "result", "matched"),
    [
        ('out TXT "v=spf1 a -all"', "spf.helo-authorised", "pass", ["a"]),
        ('out TXT "v=spf1 -all"', "spf.helo-not-authorised", "fail", ["-all"]),
        ("", "spf.helo-without-record", "none", []),
        ('out TXT "v=spf1 include:gone.example -all"', "spf.helo-record-broken", "permerror", []),
    ],
)
def test_the_way_of_the_name_in_helo_is_told_beside(record: str, code: str, result: str, matched: list[str]) -> None:
    """RFC 7208 section 2.3. It belongs to the envelope domain of its server."""
    zone = f'@ TXT "v=spf1 a:mail.club.example -all"\nmail A 192.0.2.5\nout A 192.0.2.5\n{record}'
    found = run_case("spf_helo", {"zone": zone, "settings": {"servers": [SERVER]}})
    told = ways(next(finding for finding in found if finding.code == code))
    (way,) = told.ways
    assert told.domain == "club.example"
    assert (way.identity, way.sender, way.address, way.result) == ("helo", "out.club.example", "192.0.2.5", result)
    assert [match.term for match in way.matches] == matched


def test_the_worst_case_is_told_with_its_tree() -> None:
    finding = said("spf_lookups", "spf.lookups-within-limit")
    assert finding.title.endswith("costs 2 of at most 10 look-ups at worst")
    assert tree(finding) == ShownTree(
        domain="club.example",
        lookups=2,
        lookup_limit=10,
        exact=True,
        void_lookups=0,
        void_limit=2,
        void_exact=True,
        steps=(
            ShownStep(
                number=1, depth=0, domain="club.example", term="include:spf.mailer.example", section="RFC 7208 section 5.2",
                name="spf.mailer.example", whose="whoever runs mailer.example", lookups=2,
            ),
            ShownStep(
                number=2, depth=1, domain="spf.mailer.example", term="a:out.mailer.example", section="RFC 7208 section 5.3",
                name="out.mailer.example", whose="whoever runs mailer.example",
            ),
        ),
    )  # fmt: skip


def test_the_tree_is_plain_data_for_machines() -> None:
    """Numbers are numbers, rows are objects; nothing has to be cut out of sentences."""
    shown = json.loads(json.dumps(said("spf_lookups", "spf.lookups-within-limit").args["tree"]))
    assert {key: value for key, value in shown.items() if key != "steps"} == {
        "domain": "club.example", "lookups": 2, "lookup_limit": 10, "exact": True, "void_lookups": 0, "void_limit": 2, "void_exact": True,
        "more": 0,
    }  # fmt: skip
    assert shown["steps"][1] == {
        "number": 2, "depth": 1, "domain": "spf.mailer.example", "term": "a:out.mailer.example", "section": "RFC 7208 section 5.3",
        "name": "out.mailer.example", "whose": "whoever runs mailer.example", "lookups": 1, "void": [], "trouble": "",
    }  # fmt: skip


def test_what_finds_nothing_is_marked_at_its_term() -> None:
    zone = """
        @ TXT "v=spf1 a:gone.club.example include:spf.mailer.example mx:none.club.example -all"
        spf.mailer.example. TXT "v=spf1 a:out.mailer.example -all"
        out.mailer.example. A 203.0.113.9
        none A 192.0.2.9
    """
    shown = tree(said("spf_lookups", "spf.lookups-within-limit", zone))
    assert (shown.void_lookups, shown.void_exact) == (2, True)
    assert [step.void for step in shown.steps] == [("gone.club.example",), (), (), ("none.club.example",)]
    more = zone.replace('-all"\n        spf', 'a:also-gone.club.example -all"\n        spf')
    assert tree(said("spf_void_lookups", "spf.too-many-void-lookups", more)).void_lookups == 3


def test_a_name_that_got_no_answer_leaves_the_numbers_open() -> None:
    found = run_case("spf_lookups", {"zone": ZONE, "faults": {"dns out.mailer.example A": "servfail"}})
    shown = tree(found[0])
    assert (found[0].code, shown.exact, shown.void_exact) == ("spf.lookups-within-limit", True, False)
    found = run_case("spf_lookups", {"zone": ZONE, "faults": {"dns spf.mailer.example TXT": "servfail"}})
    shown = tree(found[0])
    assert (found[0].code, shown.exact, shown.steps[0].trouble) == ("spf.lookups-incomplete", False, "no-answer")


def test_a_fault_in_the_tree_comes_with_the_tree() -> None:
    """The term that breaks the record is marked; names are not looked up in a record that nobody can use."""
    zone = '@ TXT "v=spf1 include:spf.mailer.example -all"\nspf.mailer.example. TXT "v=spf1 include:gone.example a:out.mailer.example -all"'
    shown = tree(said("spf_lookups", "spf.include-without-record", zone))
    assert [(step.number, step.depth, step.term, step.trouble) for step in shown.steps] == [
        (1, 0, "include:spf.mailer.example", ""),
        (2, 1, "include:gone.example", "no-record"),
        (3, 1, "a:out.mailer.example", ""),
    ]
    assert (shown.exact, shown.void_lookups) == (False, None)


def test_a_huge_record_is_told_in_part() -> None:
    """The number is exact, the rows are bounded."""
    hosts = " ".join(f'"a:h{n}.club.example "' for n in range(90))
    zone = f'@ TXT "v=spf1 " {hosts} "-all"'
    shown = tree(said("spf_lookups", "spf.too-many-lookups", zone))
    assert (shown.lookups, len(shown.steps), shown.more) == (90, 40, 50)


def test_each_term_is_told_with_whose_it_is() -> None:
    """A provider's include includes others of its own."""
    shown = tree(said("spf_lookups", "spf.too-many-lookups", BIG))
    assert [(step.term, step.whose, step.lookups) for step in shown.steps][:5] == [
        ("include:spf.protection.outlook.com", "Microsoft 365", 2),
        ("include:spfd.protection.outlook.com", "Microsoft 365", 1),
        ("include:sendgrid.net", "Twilio SendGrid", 3),
        ("include:u1.sendgrid.net", "Twilio SendGrid", 1),
        ("include:u2.sendgrid.net", "Twilio SendGrid", 1),
    ]
    assert shown.steps[-1].whose == "your own"


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
