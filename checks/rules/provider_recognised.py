"""The providers behind the domain are known.

What it checks:
Who receives and sends the domain's mail, as far as it shows: by the host of the servers in the settings, by the mail exchangers (MX), by each include of the SPF record (the list of servers that may
send), and by the aliases (CNAME) under which DKIM keys are published. Several providers at once are usual: mailboxes at one, newsletters at another.

Why it matters:
Each provider has its own limits, dates and switches. What sends for the domain and is not thought of is what breaks when records are changed.

How to fix it:
Nothing is broken. If a provider in the list is not used any more, take its entry out of the SPF record and its DKIM key out of DNS.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Status
from checks.probes import DnsProbe
from checks.records.spf import is_spf
from checks.records.spf_tree import cut, walk
from checks.rules._dkim import look
from checks.rules._provider_limits import providers_behind
from checks.subject import DomainSubject
from checks.tables import Provider, providers_of_dkim, providers_of_mx, providers_of_spf

INFORMATIONAL = True
MAX_NAMED = 8  # providers in a sentence
MAX_SHOWN = 40  # names that are listed as proof
MAX_PAGES = 12  # sources of what we know of them; `sendready providers ID` has all

RECOGNISED = Outcome(
    code="provider.recognised",
    status=Status.NOTE,
    title="{domain} works with {providers} (as of {as_of})",
    also=("how",),
)
NONE = Outcome(
    code="provider.none-recognised",
    status=Status.NOT_APPLICABLE,
    title="{domain}: neither its DNS nor the settings show a provider that we know",
)


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One thing that shows a provider."""

    rows: tuple[Provider, ...]
    """Products that it may stand for."""
    role: str
    """How it reads in brackets behind the provider's name."""
    proof: str

    @property
    def companies(self) -> tuple[str, ...]:
        """Whose products they are."""
        return tuple(dict.fromkeys(row.company for row in self.rows))


@dataclass
class _Seen:
    signs: list[Sign] = field(default_factory=list)

    def add(self, rows: tuple[Provider, ...], role: str, proof: str) -> bool:
        if rows:
            self.signs.append(Sign(rows=rows, role=role, proof=proof))
        return bool(rows)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Collect the signs. If one cannot be read, the rule cannot tell: a list that lacks somebody would be taken for the whole."""
    seen = _Seen()
    for server in subject.servers:
        seen.add(providers_behind(server), f"server {server.name}", f"the server {server.host} of the settings")
    _receiving(subject, ev, seen)
    _in_spf(subject, ev, seen)
    _signing(subject, ev, seen)
    if not seen.signs:
        yield NONE(about=subject.domain, domain=subject.domain)
        return
    named = _by_company(seen.signs)
    said = RECOGNISED(
        about=subject.domain,
        domain=subject.domain,
        providers=[f"{name} ({', '.join(dict.fromkeys(sign.role for sign in signs))})" for name, signs in named[:MAX_NAMED]],
        as_of=min(row.checked for sign in seen.signs for row in sign.rows).isoformat(),
        how=[f"{name}: {sign.proof}" for name, signs in named for sign in signs][:MAX_SHOWN],
    )
    pages = dict.fromkeys(source for sign in seen.signs for row in sign.rows[:1] for source in row.sources)
    yield replace(said, references=tuple(pages)[:MAX_PAGES])


def _receiving(subject: DomainSubject, ev: Evidence, seen: _Seen) -> None:
    for name in ev.need(DnsProbe(subject.domain, "MX")).values:
        seen.add(providers_of_mx([name]), "mail exchanger", f"the mail exchanger {cut(name)}")


def _in_spf(subject: DomainSubject, ev: Evidence, seen: _Seen) -> None:
    if not any(is_spf(text) for text in ev.need(DnsProbe(subject.domain, "TXT")).values):
        return
    tree = walk(subject.domain, ev)
    unread = {failure.probe.name: failure.probe for failure in tree.failures if failure.probe.type == "TXT"}
    within: int | None = None  # inside of a provider's own record: whom that lets send is the provider's business
    for step in tree.steps:
        if step.kind not in ("include", "redirect") or (within is not None and step.depth > within):
            continue
        within = None
        if seen.add(providers_of_spf([step.name]), "SPF record", f"{cut(step.term)} in the SPF record of {cut(step.domain)}"):
            within = step.depth
        elif step.name in unread:
            ev.need(unread[step.name])  # it may include anybody


def _signing(subject: DomainSubject, ev: Evidence, seen: _Seen) -> None:
    if not subject.header_from:
        return
    groups = look(subject, ev)
    for group in groups:
        group.need_all(ev)
    for spot in (spot for group in groups for spot in group.found):
        proof = f"the DKIM key at {cut(spot.name)}, an alias of {cut(spot.reading.chain[-1] if spot.reading.chain else '')}"
        seen.add(providers_of_dkim(spot.reading.chain), f"DKIM key {cut(spot.selector)}", proof)


def _by_company(signs: Iterable[Sign]) -> list[tuple[str, list[Sign]]]:
    """Group the signs. One that may stand for several companies counts for the one that something else shows, else for either."""
    listed = list(signs)
    certain = {sign.companies[0] for sign in listed if len(sign.companies) == 1}
    found: dict[str, list[Sign]] = {}
    for sign in listed:
        shown = [company for company in sign.companies if company in certain]
        found.setdefault(shown[0] if len(shown) == 1 else " or ".join(sign.companies), []).append(sign)
    return list(found.items())
