"""A sample report with tables: the triangle of two servers, and the large receivers. Fixed in every byte."""

from __future__ import annotations

from checks.model import CheckResult, Outcome, Owner, Status
from checks.records.triangle_shown import ShownRow, ShownTriangle, plain
from reports.model import Report, build
from tests.reports import sample

DIFFERENT = ShownTriangle(
    server="Newsletter",
    rows=(
        ShownRow(row="Visible sender (From)", settings="news@club.example", dns="DMARC of club.example: p=reject", receiver="news@club.example", agrees=True),
        ShownRow(row="Bounce address (return path)", settings="news@club.example", dns="SPF of bounce.very-long-name-of-a-provider.example: pass", receiver="bounces+reader=mail.example-0123456789@bounce.very-long-name-of-a-provider.example", agrees=False, grave=True),
        ShownRow(row="Signing domain", settings="club.example", dns="club.example: key published", receiver="club.example", agrees=True),
        ShownRow(row="Selector of the key", settings="none named", dns="s1: key published", receiver="s1"),
        ShownRow(row="Sending address", settings="Twilio SendGrid", dns="SPF pass", receiver="192.0.2.25", agrees=True),
        ShownRow(row="Encryption", settings="STARTTLS", receiver="TLSv1.3", agrees=True),
    ),
)  # fmt: skip
ALIKE = ShownTriangle(
    server="Office",
    rows=(ShownRow(row="Visible sender (From)", settings="office@club.example", receiver="office@club.example", agrees=True),),
)
GMAIL = {"sources": ["https://support.google.com/mail/answer/81126"], "source_date": "2026-07-02", "checked": "2026-11-23"}
SAME_SINCE = {"since": "2024-02-01", "since_words": "February 2024", **GMAIL}
RECEIVERS = {
    "rows": [
        {
            "receiver": "gmail", "name": "Gmail", "bulk": "yes", "bulk_means": "close to 5,000 messages or more a day",
            "bulk_words": "12,000 messages are planned for the busiest day, and from 5,000 a day on you count as one",
            "missing": ["a DMARC record is published"], "open": ["fewer than 3 of 1,000 recipients complain"],
            "requirements": [
                {"id": "gmail.spf", "who": "all", "what": "SPF or DKIM passes", "applies": "yes", "state": "met", "behind": ["spf.authorised", "triangle.agreed"], "effect": "refused", **SAME_SINCE},
                {"id": "gmail.dmarc", "who": "bulk", "what": "a DMARC record is published", "applies": "yes", "state": "not-met", "behind": ["dmarc.missing"], "effect": "refused for a time or for good", **SAME_SINCE},
                {"id": "gmail.rate", "who": "all", "what": "fewer than 3 of 1,000 recipients complain", "applies": "yes", "state": "not-known-yet", "behind": [], "later": "shows in the receiver's own statistics only", "effect": "no help", **GMAIL},
            ],
        },
        {"receiver": "yahoo", "name": "Yahoo and AOL", "bulk": "perhaps", "bulk_means": "", "bulk_words": "Yahoo publishes no number", "missing": [], "open": ["fewer than 3 of 1,000 recipients complain"], "requirements": []},
        {"receiver": "web-de", "name": "WEB.DE", "bulk": "", "bulk_means": "no difference is published", "bulk_words": "no difference is published", "missing": [], "open": [], "requirements": [
            {"id": "web-de.helo", "who": "all", "what": "the server introduces itself with a full name", "applies": "yes", "state": "met", "behind": ["arrival.helo-is-reverse-name"], "sources": ["https://postmaster.web.de/"], "checked": "2026-11-23"},
        ]},
        {"receiver": "gmx", "name": "GMX", "bulk": "no", "bulk_means": "", "missing": [], "open": [], "requirements": [
            {"id": "gmx.dkim", "who": "bulk", "what": "DKIM passes", "applies": "no", "state": "not-met", "behind": ["dkim.no-keys"], "sources": ["https://postmaster.gmx.net/"], "checked": "2026-11-23"},
        ]},
    ]
}  # fmt: skip
DIFFERS = Outcome(
    code="triangle.return-path-differs", status=Status.NOTE, title="{server}: what cannot be delivered goes back to {receiver}",
    owner=Owner.US, steps=("Name its address as the return path in the settings.",), also=("table",), volatile=("table",),
)  # fmt: skip
AGREED = Outcome(
    code="triangle.agreed", status=Status.PASS, title="{server}: all three tell the same", also=("table",), volatile=("table",)
)
MISSING = Outcome(
    code="receivers.requirements-missing", status=Status.NOTE, title="{receivers} ask for what is not there yet", owner=Owner.US,
    steps=("See the table of receivers; the finding behind each line says what to do.",), also=("table",), volatile=("table",),
)  # fmt: skip


def tables() -> Report:
    """Two servers, one of them with a difference."""
    return build(
        results=[
            CheckResult(
                check="triangle.agreement",
                findings=(
                    DIFFERS(about="Newsletter", server="Newsletter", receiver="a provider", table=plain(DIFFERENT)),
                    AGREED(about="Office", server="Office", table=plain(ALIKE)),
                ),
            ),
            CheckResult(
                check="receivers.requirements", findings=(MISSING(about="receivers", receivers=["Gmail"], table=RECEIVERS),)
            ),
        ],
        tool=sample.TOOL,
        taken_at=sample.TAKEN,
        subject=sample.subject(),
        vantage=sample.vantage() | {"observations": {}},
        tables=sample.TABLES,
    )
