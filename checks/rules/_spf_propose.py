"""Records to propose where there is none, more than one, or one that receivers cannot use. Each is judged on the changed zone before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from checks.evidence import Evidence
from checks.probes import DnsProbe
from checks.records.spf import parse
from checks.records.spf_door import Result, check_host
from checks.records.spf_edit import deduplicated, merged, replaced, without
from checks.records.spf_tree import Flaw, Tree, walk
from checks.records.spf_view import with_record
from checks.rules._spf_senders import Sender, senders
from checks.subject import DomainSubject
from checks.tables import providers_of_mx

MAX_TRIED = 11  # hosts of the own record that are looked up to find the dead ones: one more than receivers come to
MAX_HOSTS = 12  # of a leaner record: before it is shown it is proved, and that asks for the addresses of each
MAX_TERMS = 30  # a record that has more of them is not mended by leaving out a few


def first_record(subject: DomainSubject, ev: Evidence) -> str:
    """Return a record made of what is known of the senders, "" if nothing is, or if receivers could not use it."""
    terms = [term for sender in senders(subject, ev, sample=False) for term in sender.terms(sender.addresses)]
    terms = terms or _by_mx(subject.domain, ev)
    text = " ".join(["v=spf1", *dict.fromkeys(terms), "~all"])
    return text if terms and _tidy(subject.domain, text, ev) else ""


def merged_record(subject: DomainSubject, texts: Sequence[str], ev: Evidence) -> str:
    """Return the one record that takes the place of several, "" if it would not be usable."""
    text = merged(texts)
    return text if _tidy(subject.domain, text, ev) else leaner(subject, text, ev)


def leaner(subject: DomainSubject, text: str, ev: Evidence) -> str:
    """Return the record without what only costs, as little of it as will do; "" if that is not enough.

    In this order: what leads to no usable record, what is said twice, includes within others, names without address, ptr.
    """
    if len(parse(text).counted) > MAX_TERMS:
        return ""
    slim = text
    for step in (_without_dead, _without_double, _without_contained, _without_void, _without_ptr):
        slim = step(subject, slim, ev)
        if slim != text and _names_somebody(slim) and _usable(subject.domain, slim, ev):
            return slim if _is_small(_tree(subject, slim, ev)) else ""
    return ""


def _is_small(tree: Tree) -> bool:
    return len({host.name for host in tree.hosts}) <= MAX_HOSTS


def _by_mx(domain: str, ev: Evidence) -> list[str]:
    """Guess from who receives: a provider's outgoing servers are named by its include, anybody else's are perhaps the same."""
    names = [name for name in ev[DnsProbe(domain, "MX")].values if name != "."]  # RFC 7505: "." receives nothing
    includes = {row.spf_include for row in providers_of_mx(names) if row.spf_include}
    if len(includes) == 1:
        return [f"include:{includes.pop()}"]
    return ["mx"] if names else []


def _tree(subject: DomainSubject, text: str, ev: Evidence) -> Tree:
    return walk(subject.domain, with_record(ev, subject.domain, text))


def _without_dead(subject: DomainSubject, text: str, ev: Evidence) -> str:
    """Leave out what makes the record unusable and leads to no sender."""
    faults = _tree(subject, text, ev).faults
    return without(parse(text), [fault.term for fault in faults if fault.depth == 0 and fault.flaw is not Flaw.MANY_MX])


def _without_double(_subject: DomainSubject, text: str, _ev: Evidence) -> str:
    return deduplicated(parse(text))


def _without_void(subject: DomainSubject, text: str, ev: Evidence) -> str:
    """Names without address let nobody send. A question that failed is no such name."""
    tree = _tree(subject, text, ev)
    hosts = [host for host in tree.hosts if host.step.depth == 0 and host.step.kind in ("a", "exists")][:MAX_TRIED]
    for type_ in ("A", "AAAA"):
        readings = ev.all(*(DnsProbe(host.name, type_) for host in hosts if type_ == "A" or not host.only_v4))
        asked = iter(readings)
        hosts = [
            host
            for host in hosts
            if (type_ == "AAAA" and host.only_v4) or ((reading := next(asked)).state.answered and not reading.records)
        ]
    return without(parse(text), [*(host.step.term for host in hosts), *(void.term for void in tree.no_mx if void.depth == 0)])


def _without_contained(subject: DomainSubject, text: str, ev: Evidence) -> str:
    """Leave out includes that another include of the record contains already, as far as the tree was followed."""
    inside: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    term = ""
    for step in _tree(subject, text, ev).steps:
        if step.depth == 0:
            term = step.term
            if step.kind == "include" and parse(f"v=spf1 {term}").mechanisms[0].qualifier == "+":
                names[term] = step.name
        elif term in names and step.kind in ("include", "redirect") and step.term[0] not in "-~?":
            inside.setdefault(term, set()).add(step.name)
    gone = [
        term for term, name in names.items() if name and any(name in found for other, found in inside.items() if other != term)
    ]
    return without(parse(text), gone)


def _without_ptr(subject: DomainSubject, text: str, ev: Evidence) -> str:
    """Put the known servers in the place of ptr; it stays if none is known, for then nobody knows who needs it."""
    record = parse(text)
    words = [term.text for term in record.mechanisms if term.name == "ptr"]
    known = [sender for sender in senders(subject, ev) if sender.addresses and not sender.guessed] if words else []
    if not known:
        return text
    bare = with_record(ev, subject.domain, without(record, words))
    if not _is_small(walk(subject.domain, bare)):
        return text
    needy = {sender: [address for address in sender.addresses if not passes(sender, address, bare)] for sender in known}
    return replaced(record, words, dict.fromkeys(term for sender, some in needy.items() if some for term in sender.terms(some)))


def passes(sender: Sender, address: str, ev: Evidence) -> bool:
    """Tell whether a sender may send from one of its addresses."""
    return check_host(ip=address, mail_from=sender.mail_from, helo=sender.helo, ev=ev).result is Result.PASS


def _names_somebody(text: str) -> bool:
    return any(term.qualifier == "+" for term in parse(text).mechanisms)


def _tidy(domain: str, text: str, ev: Evidence) -> bool:
    return not parse(text).problems and _usable(domain, text, ev)


def _usable(domain: str, text: str, ev: Evidence) -> bool:
    return not parse(text).fatal and not walk(domain, with_record(ev, domain, text)).broken
