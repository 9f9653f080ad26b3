"""The record that the spf rules talk about, and why there is none to talk about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Status
from checks.probes import DnsProbe
from checks.records.spf import Record, is_spf, parse
from checks.records.spf_tree import cut
from checks.rules._absent import is_absent
from checks.subject import DomainSubject

short = cut  # a stranger's text as a sentence can carry it
MAX_LISTED = 40  # lines of a tree; a legal one has far fewer


@dataclass(frozen=True, kw_only=True)
class Own:
    """The one SPF record of a domain."""

    domain: str
    record: Record
    name: str
    """Where it is published: the domain itself, or what the domain is an alias for."""
    spaced: str = ""
    """The record's strings with a space between each two; empty if there is one string only. Receivers join them without."""

    def changes(self, text: str) -> list[DnsChange]:
        """Return the change that publishes another record in its place; none without text, and none for an alias: that is another zone."""
        return (
            []
            if not text or self.name != self.domain
            else [DnsChange(action=Action.REPLACE, name=self.name, type="TXT", value=text)]
        )

    def steps(self, text: str, by_hand: str) -> tuple[str, ...]:
        """Return steps for where no change can be shown; empty: the outcome's own steps fit."""
        if not text:
            return (by_hand,)
        return alias_steps(self.domain, self.name, text)


@dataclass(frozen=True, kw_only=True)
class Skip:
    """Why there is nothing to judge, as it reads behind "because"; another check says what to do about it."""

    reason: str
    status: Status = Status.NOT_RUN


def own_record(subject: DomainSubject, ev: Evidence, *, readable: bool = True) -> Own | Skip:
    """Return the record to judge. `readable`: only one that receivers can read."""
    if not subject.envelope:
        return Skip(reason="it is not the envelope domain of any server here", status=Status.NOT_APPLICABLE)
    reading = ev.need(DnsProbe(subject.domain, "TXT"))
    found = [text for text in reading.values if is_spf(text)]
    if not found and is_absent(subject.domain, ev):
        return Skip(reason="it does not exist (see mx.record)", status=Status.NOT_APPLICABLE)
    if len(found) != 1:
        return Skip(
            reason=f"it publishes {len(found)} SPF records (see spf.record)"
            if found
            else "it publishes no SPF record (see spf.record)"
        )
    record = parse(found[0])
    if readable and record.fatal:
        return Skip(reason="its SPF record cannot be read (see spf.syntax)")
    strings = next(each.strings for each in reading.records if each.value == found[0])
    name = (reading.chain or (subject.domain,))[-1]
    return Own(domain=subject.domain, record=record, name=name, spaced=" ".join(strings) if len(strings) > 1 else "")


def alias_steps(domain: str, name: str, text: str) -> tuple[str, ...]:
    """Say where a record belongs if the domain is an alias; beside an alias there is no room for it (RFC 1034 section 3.6.2)."""
    return (
        ()
        if name == domain
        else (f"{domain} is an alias for {name}. Have this SPF record published there, or replace the alias by records: {text}",)
    )


def listed(lines: Iterable[object]) -> list[str]:
    """Write lines for a machine or an appendix, as many as make sense."""
    return [short(str(line)) for line in lines][:MAX_LISTED]
