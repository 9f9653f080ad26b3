"""A sample report with SPF trees: a record over the limit, and one in order with three senders. Fixed in every byte."""

from __future__ import annotations

from dataclasses import replace

from checks.model import CheckResult, Outcome, Owner, Status
from checks.records.spf_shown import HELO, MAIL_FROM, ShownMatch, ShownStep, ShownTree, ShownWay, ShownWays, plain
from reports.model import Report, build
from tests.reports import sample

DEFINED = {"include": "5.2", "a": "5.3", "mx": "5.4", "ip4": "5.6", "exists": "5.7", "redirect": "6.1"}
CLUB, SHOP = "club.example", "shop.example"


def section(term: str) -> str:
    return f"RFC 7208 section {DEFINED[term.partition(':')[0].partition('=')[0]]}"


def step(number: int, depth: int, domain: str, term: str, whose: str, lookups: int = 1, *, trouble: str = "") -> ShownStep:
    name = term.partition(":")[2] or domain
    return ShownStep(
        number=number, depth=depth, domain=domain, term=term, section=section(term), name=name, whose=whose, lookups=lookups, trouble=trouble
    )  # fmt: skip


def match(domain: str, term: str) -> ShownMatch:
    return ShownMatch(domain=domain, term=term, section=section(term))


OVER = ShownTree(
    domain=CLUB,
    lookups=12,
    lookup_limit=10,
    exact=False,
    void_lookups=None,
    void_limit=2,
    void_exact=True,
    steps=(
        step(1, 0, CLUB, "include:spf.protection.outlook.com", "Microsoft 365", 2),
        step(2, 1, "spf.protection.outlook.com", "include:spfd.protection.outlook.com", "Microsoft 365"),
        step(3, 0, CLUB, "include:sendgrid.net", "Twilio SendGrid", 4),
        step(4, 1, "sendgrid.net", "include:u1.sendgrid.net", "Twilio SendGrid", 2),
        step(5, 2, "u1.sendgrid.net", "include:u11.sendgrid.net", "Twilio SendGrid"),
        step(6, 1, "sendgrid.net", "include:u2.sendgrid.net", "Twilio SendGrid"),
        step(7, 0, CLUB, "include:spf.booking-of-a-very-long-name.hotel-and-spa-software.example", "whoever runs hotel-and-spa-software.example", 3),
        step(8, 1, "spf.booking-of-a-very-long-name.hotel-and-spa-software.example", "include:gone.example", "whoever runs gone.example", trouble="no-record"),
        step(9, 1, "spf.booking-of-a-very-long-name.hotel-and-spa-software.example", "exists:%{i}.allow.hotel-and-spa-software.example", "another name for each message"),
        step(10, 0, CLUB, "a:web.club.example", "your own"),
        step(11, 0, CLUB, "a:shop.club.example", "your own"),
        step(12, 0, CLUB, "mx", "your own"),
    ),
)  # fmt: skip
GIVEN_UP = ShownWays(
    domain=CLUB,
    lookup_limit=10,
    void_limit=2,
    ways=(
        ShownWay(
            identity=MAIL_FROM, sender="postmaster@club.example", address="203.0.113.33", result="pass", lookups=3, void_lookups=0,
            matches=(match(CLUB, "include:sendgrid.net"), match("sendgrid.net", "include:u1.sendgrid.net"), match("u1.sendgrid.net", "ip4:203.0.113.32/28")),
        ),
        *(
            ShownWay(
                identity=MAIL_FROM, sender="postmaster@club.example", address=address, result="permerror", lookups=11, void_lookups=0,
                problem="more than 10 look-ups",
            )
            for address in ("192.0.2.25", "2001:db8::25")
        ),
    ),
)  # fmt: skip
FINE = ShownTree(
    domain=SHOP,
    lookups=3,
    lookup_limit=10,
    exact=True,
    void_lookups=1,
    void_limit=2,
    void_exact=True,
    steps=(
        step(1, 0, SHOP, "include:_spf.google.com", "Gmail or Google Workspace mailbox"),
        replace(step(2, 0, SHOP, "a:old.shop.example", "your own"), void=("old.shop.example",)),
        step(3, 0, SHOP, "mx", "your own"),
    ),
)
USED = ShownWays(
    domain=SHOP,
    lookup_limit=10,
    void_limit=2,
    ways=(
        ShownWay(
            identity=MAIL_FROM, sender="news@shop.example", address="192.0.2.80", result="pass", lookups=3, void_lookups=1,
            matches=(match(SHOP, "mx"),),
        ),
        ShownWay(
            identity=MAIL_FROM, sender="news@shop.example", address="2001:db8::80", result="softfail", lookups=3, void_lookups=2,
            matches=(ShownMatch(domain=SHOP, term="~all", section="RFC 7208 section 5.1"),),
        ),
    ),
)  # fmt: skip
INTRODUCED = ShownWays(
    domain=SHOP,
    lookup_limit=10,
    void_limit=2,
    ways=(ShownWay(identity=HELO, sender="mail.shop.example", address="192.0.2.80", result="none", lookups=0, void_lookups=0),),
)


def spf() -> Report:
    """Two envelope domains."""
    dns = Owner.DNS_ADMIN
    many = Outcome(
        code="spf.too-many-lookups", status=Status.FAIL, title="The SPF record of {domain} costs at least {count} look-ups", owner=dns,
        steps=("Take out of the SPF record the terms of services that no longer send.",), also=("tree",), volatile=("tree",),
    )  # fmt: skip
    refused = Outcome(
        code="spf.not-authorised", status=Status.FAIL, title="{domain} does not let {who} send", owner=dns,
        steps=("Replace the SPF record of {domain} by one that lets {who} send.",), also=("paths",), volatile=("paths",),
    )  # fmt: skip
    within = Outcome(
        code="spf.lookups-within-limit", status=Status.PASS, title="The SPF record of {domain} costs {count} look-ups", also=("tree",),
    )  # fmt: skip
    skipped = Outcome(
        code="spf.authorisation-not-judged",
        status=Status.NOT_RUN,
        title="{domain}: not judged, because {reason}",
        also=("paths",),
    )
    helo = Outcome(code="spf.helo-without-record", status=Status.NOTE, title="{helo} has no SPF record", also=("paths",))
    return build(
        results=[
            CheckResult(
                check="spf.lookups",
                findings=(
                    many(about=CLUB, domain=CLUB, count=12, tree=plain(OVER)),
                    within(about=SHOP, domain=SHOP, count=3, tree=plain(FINE)),
                ),
            ),
            CheckResult(
                check="spf.authorisation",
                findings=(
                    skipped(about=CLUB, domain=CLUB, reason="receivers cannot use the record", paths=plain(GIVEN_UP)),
                    refused(about=SHOP, domain=SHOP, who=["2001:db8::80"], paths=plain(USED)),
                ),
            ),
            CheckResult(check="spf.helo", findings=(helo(about="mail.shop.example", helo="mail.shop.example", paths=plain(INTRODUCED)),)),
        ],
        tool=sample.TOOL,
        taken_at=sample.TAKEN,
        subject=sample.subject() | {"domains": [CLUB, SHOP]},
        vantage=sample.vantage() | {"observations": {}},
        tables=sample.TABLES,
    )  # fmt: skip
