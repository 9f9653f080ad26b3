"""The way to p=reject in stages: which record comes next, and what has to be waited for. For the dmarc rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checks.evidence import Evidence, State
from checks.probes import DnsProbe
from checks.records.dmarc import DmarcRecord, Policy
from checks.records.dmarc_walk import Walk
from checks.records.org_domain import by_suffix_list, is_within
from checks.records.tags import parse_tags
from checks.rules._absent import is_absent
from checks.rules._dmarc import tidy

WAIT = "two to four weeks"
NEXT = {Policy.NONE: Policy.QUARANTINE, Policy.QUARANTINE: Policy.REJECT, Policy.REJECT: Policy.REJECT}
DOES = {
    Policy.QUARANTINE: "mail that fails goes to the junk folder",
    Policy.REJECT: "mail that fails is refused",
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a domain stands: the record that holds for it, and the tag of it that decides."""

    domain: str
    place: str
    record: DmarcRecord
    tag: str
    """p, sp or np."""
    chosen: Policy
    """What the tag says, whatever t= makes of it."""

    @property
    def ours(self) -> bool:
        """The record is the organisation's own, not that of a registry above it."""
        return is_within(self.place, by_suffix_list(self.domain))

    @property
    def in_force(self) -> Policy:
        """Return what receivers do, test mode counted."""
        return self.chosen.tested if self.record.testing else self.chosen

    def next_record(self) -> str:
        """Return the whole record of the next stage; nothing where something else comes first."""
        if not self.ours or not is_clean(self.record) or not has_reports(self.record):
            return ""
        trial = self.record.testing and self.chosen is not Policy.NONE
        return altered(self.record, {"t": "", **({} if trial else {self.tag: str(NEXT[self.chosen])})})

    def steps(self, by_hand: str = "") -> tuple[str, ...]:
        """Say what comes first, then every stage that is left. `by_hand`: how to publish the next record where none can be shown."""
        place, domain = self.place, self.domain
        if not self.ours:
            return (f"This record is not yours to change. Publish a record of your own at _dmarc.{by_suffix_list(domain)}.",)
        if not is_clean(self.record):
            return (f"First mend the record at _dmarc.{place}; the check dmarc.syntax shows how.", *self._later(self.chosen))
        if not has_reports(self.record):
            first = (
                f"First ask for reports (rua=) in the record at _dmarc.{place}: only they show whether all your own mail passes."
            )
            return (first, *self._later(self.chosen))
        target = self.chosen if self.record.testing and self.chosen is not Policy.NONE else NEXT[self.chosen]
        then = f"Then replace the record at _dmarc.{place} by the one below ({target}: {DOES[target]}).{self._reach()}"
        return (
            f"Read the reports of {WAIT} first: every server that sends for {domain} must pass. Change nothing before.",
            f"Then go on to {target} ({DOES[target]}).{self._reach()} {by_hand}" if by_hand else then,
            *self._later(target),
        )

    def _reach(self) -> str:
        alone = self.tag != "p" or (self.record.subdomain is not None)
        return "" if alone else " It counts for sub-domains as well; while one of them is not ready, add sp=none."

    def _later(self, reached: Policy) -> tuple[str, ...]:
        """The stages behind the next one."""
        ahead = (Policy.QUARANTINE, Policy.REJECT)[reached.strength :]
        return tuple(
            f"When the reports of {WAIT} more show that all your mail passes, change {self.tag}= to {policy} ({DOES[policy]})."
            for policy in ahead
        )


def stage_of(walk: Walk, record: DmarcRecord, ev: Evidence) -> Stage:
    """Tell which tag of the record in force decides for the domain (RFC 9989 section 4.10.1)."""
    tag, chosen = "p", record.policy
    if walk.inherited:
        if record.subdomain is not None:
            tag, chosen = "sp", record.subdomain
        if record.nonexistent is not None and not _exists(walk.author, ev):
            tag, chosen = "np", record.nonexistent
    place = walk.policy.domain if walk.policy else walk.author
    return Stage(domain=walk.author, place=place, record=record, tag=tag, chosen=chosen)


def _exists(domain: str, ev: Evidence) -> bool:
    """A domain that does not exist takes np= (RFC 9989 section 4.7)."""
    return ev.need(DnsProbe(domain, "TXT")).state is not State.NXDOMAIN or not is_absent(domain, ev)


def is_clean(record: DmarcRecord) -> bool:
    """Tell whether there is nothing to mend in a record, so that a change of policy is the only difference."""
    return (
        record.usable
        and record.policy_given
        and record.policy_second
        and not (record.problems or record.removed or record.unknown)
    )


def has_reports(record: DmarcRecord) -> bool:
    """Tell whether somebody gets reports."""
    return any(not uri.fault for uri in record.rua)


def altered(record: DmarcRecord, changes: Mapping[str, str]) -> str:
    """Return the record written anew with some tags changed, or left out where the new value is empty."""
    tags = {tag.name: tag.value for tag in parse_tags(tidy(record)).tags} | dict(changes)
    return "; ".join(f"{name}={value}" for name, value in tags.items() if value)
