"""A record that costs too many look-ups: who owns which term, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.evidence import Evidence
from checks.model import spoken
from checks.probes import DnsProbe
from checks.records.org_domain import by_suffix_list
from checks.records.spf import is_spf
from checks.records.spf_tree import MAX_LOOKUPS, Step, Tree, cut
from checks.rules._provider_of import provider_of
from checks.rules._spf_senders import senders
from checks.subject import DomainSubject
from checks.tables import Provider, providers_of_spf

MAX_NAMED = 15  # terms in a sentence
SUB_DOMAINS = ("mail", "send")  # the first of them that has no SPF record yet
UNKNOWN_TERMS = "… (the terms of its server or service)"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One term of the domain's own record, with everything behind it."""

    term: str
    owner: str
    lookups: int
    """Counted so far; the walk ends where receivers would have given up."""
    include: str
    """The domain that it includes or redirects to; empty for other terms."""
    rows: tuple[Provider, ...]
    """The providers that ask their customers for this include."""

    def __str__(self) -> str:
        return f"{self.term} ({self.owner}) {self.lookups}"


def costs(tree: Tree) -> list[Cost]:
    """Return what each term of the domain's own record costs, the dearest first."""
    counted: list[tuple[Step, int]] = []
    for step in tree.steps:
        if step.depth == 0:
            counted.append((step, 1))
        elif counted:
            counted[-1] = (counted[-1][0], counted[-1][1] + 1)
    return sorted((_cost(step, lookups, tree.domain) for step, lookups in counted), key=lambda cost: -cost.lookups)


def _cost(step: Step, lookups: int, domain: str) -> Cost:
    include = step.name if step.kind in ("include", "redirect") else ""
    rows = providers_of_spf([include]) if include else ()
    return Cost(term=cut(step.term), owner=_owner(step, rows, domain), lookups=lookups, include=include, rows=rows)


def owner_of(step: Step, domain: str) -> str:
    """Say who stands behind the name that a term in the tree of `domain` leads to."""
    include = step.name if step.kind in ("include", "redirect") else ""
    return _owner(step, providers_of_spf([include]) if include else (), domain)


def _owner(step: Step, rows: tuple[Provider, ...], domain: str) -> str:
    if rows:
        return " or ".join(_names(rows)[:2])
    if not step.name:
        return "by reverse names" if step.kind == "ptr" else "another name for each message"
    holder = by_suffix_list(step.name) or step.name
    return "your own" if holder == by_suffix_list(domain) else cut(f"whoever runs {holder}")


def _names(rows: Iterable[Provider]) -> list[str]:
    """Name companies, not products: "Microsoft 365 / Exchange Online (SMTP AUTH)" and its sisters are Microsoft 365."""
    names = list(dict.fromkeys(row.name.partition(" (")[0].partition(" / ")[0] for row in rows))
    return [name for name in names if not any(name != other and name.startswith(other) for other in names)]


def options(subject: DomainSubject, tree: Tree, ev: Evidence) -> tuple[str, ...]:
    """Write the ways out, each with its price. Nobody but the customer knows which services still send."""
    found = costs(tree)
    listed = spoken([str(cost) for cost in found[:MAX_NAMED]])
    more = f" (and {len(found) - MAX_NAMED} more)" if len(found) > MAX_NAMED else ""
    return (
        f"These terms cost look-ups, as far as they were followed: {listed}{more}.",
        _drop(subject, found),
        _sub_domain(subject, ev),
        _flatten(found),
    )


def _drop(subject: DomainSubject, found: list[Cost]) -> str:
    used = {row.spf_include for server in subject.servers if (row := provider_of(server)) is not None}
    idle = [cost for cost in found if cost.rows and cost.include not in used][:MAX_NAMED]
    if not idle:
        return f"Take out the terms of services that no longer send mail for {subject.domain}."
    known = " No server in the settings uses them." if subject.servers else ""
    names = spoken(list(dict.fromkeys(cost.owner for cost in idle)))
    terms = spoken([cost.term for cost in idle])
    return f"Is mail of {subject.domain} still sent through {names}?{known} If you no longer use one of them, take its term out ({terms})."


def _sub_domain(subject: DomainSubject, ev: Evidence) -> str:
    sub = f"{SUB_DOMAINS[0]}.{subject.domain}"
    there = ev[DnsProbe(sub, "TXT")]
    if there.chain or any(is_spf(text) for text in there.values):
        sub = f"{SUB_DOMAINS[1]}.{subject.domain}"
    sending = [sender for sender in senders(subject, ev, sample=False) if not sender.guessed]
    terms = list(dict.fromkeys(term for sender in sending for term in sender.terms(sender.addresses)))
    text = " ".join(["v=spf1", *(terms[:MAX_NAMED] or [UNKNOWN_TERMS]), "~all"])
    return (
        f"Or let this dispatcher use a sub-domain, which has {MAX_LOOKUPS} look-ups of its own: publish at {sub} the TXT record "
        f'"{text}" and an MX record, so that bounces arrive, and set the return path to an address there, like bounces@{sub}.'
    )


def _flatten(found: list[Cost]) -> str:
    dearest = next((cost for cost in found if cost.include), None)
    named = f"behind {dearest.term} " if dearest else "of the hosts "
    who = f"Its owner ({dearest.owner})" if dearest else "Their owner"
    return (
        f"Or write the addresses {named}into the record yourself (ip4:, ip6:), which costs no look-ups, but work for ever: {who} may "
        "change them at any time without telling you. Somebody, or a program, must compare them every week, because mail from an "
        "address that is not yet in the record is refused."
    )
