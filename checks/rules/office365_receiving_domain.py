"""The domain receives its mail at Microsoft 365.

What it checks:
Whether the domain's mail exchangers or its SPF record (the list of servers that may send for it) are Microsoft's. Only for a domain that is looked at without settings.

Why it matters:
Who has mailboxes at Microsoft 365 usually sends through them too, and then Microsoft's limits and dates hold for the dispatcher.

How to fix it:
Nothing is broken. Enter server and volume with "sendready wizard" to see what the limits mean for what is planned.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.spf import is_spf
from checks.rules._office365 import IDS, day, sources
from checks.subject import DomainSubject
from checks.tables import Provider, providers_of_mx, providers_of_spf
from checks.tables.dated import change
from checks.tables.limits import limit

INFORMATIONAL = True

DAILY = limit("microsoft365.recipients-per-day")
PACE = limit("microsoft365.messages-per-minute")
OFF = change("microsoft365.password-login-off-by-default")

RECOGNISED = Outcome(
    code="office365.receiving-domain",
    status=Status.NOTE,
    title="{domain} has its mail at Microsoft 365 (told by {by}); a mailbox there takes {limit} recipients in 24 hours and {pace} messages a minute (as of {as_of})",
    owner=Owner.US,
    steps=(
        'If the dispatcher is going to send through it, run "sendready wizard" and enter the planned volume.',
        "Plan for OAuth (Microsoft's date for switching the login by password off by default: {when}).",
    ),
    references=sources(DAILY, PACE, OFF),
)
OTHERS = Outcome(
    code="office365.no-receiving-domain", status=Status.NOT_APPLICABLE, title="{domain} shows no sign of Microsoft 365 in DNS"
)
SERVERS_NAMED = Outcome(
    code="office365.servers-named",
    status=Status.NOT_APPLICABLE,
    title="{domain}: the settings name the servers, so it does not matter where it receives",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look at MX and SPF."""
    domain = subject.domain
    if subject.servers:
        yield SERVERS_NAMED(about=domain, domain=domain)
        return
    mx, txt = ev.all(DnsProbe(domain, "MX"), DnsProbe(domain, "TXT"))
    by_mx = _is_microsoft(providers_of_mx(mx.values))
    by_spf = _is_microsoft(providers_of_spf(_includes(txt.values)))
    if by_mx or by_spf:
        by = "its mail exchanger" if by_mx else "its SPF record"
        yield RECOGNISED(
            about=domain, domain=domain, by=by, limit=DAILY.value, pace=PACE.value, when=OFF.when, as_of=day(DAILY.checked)
        )
        return
    ev.need(DnsProbe(domain, "MX"))
    ev.need(DnsProbe(domain, "TXT"))
    yield OTHERS(about=domain, domain=domain)


def _is_microsoft(rows: tuple[Provider, ...]) -> bool:
    return any(row.id in IDS for row in rows)


def _includes(texts: tuple[str, ...]) -> list[str]:
    """Domains that SPF records include or redirect to; a term with macros recognises nobody."""
    words = [word.lower() for text in texts if is_spf(text) for word in text.split(" ")]
    return [word.lstrip("+-~?").partition(":")[2] for word in words if word.lstrip("+-~?").startswith("include:")] + [
        word.removeprefix("redirect=") for word in words if word.startswith("redirect=")
    ]
