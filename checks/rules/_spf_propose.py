"""Records to propose where there is none, or more than one. Each is judged on the changed zone before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from checks.evidence import Evidence
from checks.probes import DnsProbe
from checks.records.spf import parse
from checks.records.spf_edit import merged, without
from checks.records.spf_tree import walk
from checks.records.spf_view import with_record
from checks.rules._spf_senders import senders
from checks.subject import DomainSubject
from checks.tables import providers_of_mx


def first_record(subject: DomainSubject, ev: Evidence) -> str:
    """Return a record made of what is known of the senders, "" if nothing is, or if receivers could not use it."""
    terms = [term for sender in senders(subject, ev, sample=False) for term in sender.terms(sender.addresses)]
    terms = terms or _by_mx(subject.domain, ev)
    text = " ".join(["v=spf1", *dict.fromkeys(terms), "~all"])
    return text if terms and _usable(subject.domain, text, ev) else ""


def merged_record(domain: str, texts: Sequence[str], ev: Evidence) -> str:
    """Return the one record that takes the place of several, "" if it would not be usable."""
    text = merged(texts)
    if _usable(domain, text, ev):
        return text
    lean = without(parse(text), _contained(text, ev))
    return lean if lean != text and _usable(domain, lean, ev) else ""


def _by_mx(domain: str, ev: Evidence) -> list[str]:
    """Guess from who receives: a provider's outgoing servers are named by its include, anybody else's are perhaps the same."""
    names = [name for name in ev[DnsProbe(domain, "MX")].values if name != "."]  # RFC 7505: "." receives nothing
    includes = {row.spf_include for row in providers_of_mx(names) if row.spf_include}
    if len(includes) == 1:
        return [f"include:{includes.pop()}"]
    return ["mx"] if names else []


def _contained(text: str, ev: Evidence) -> list[str]:
    """Return the includes that another include of the record contains already."""
    includes = {
        term.text: term.domain.lower().removesuffix(".")
        for term in parse(text).mechanisms
        if term.name == "include" and term.qualifier == "+"
    }
    inside = {word: {name for name, _ in walk(domain, ev).records[1:]} for word, domain in includes.items()}
    return [word for word, domain in includes.items() if any(domain in names for other, names in inside.items() if other != word)]


def _usable(domain: str, text: str, ev: Evidence) -> bool:
    return not parse(text).problems and not walk(domain, with_record(ev, domain, text)).broken
