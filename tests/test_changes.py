"""What DNS would say after a change, and what cannot be changed: beside an alias there is no room for a record."""

from __future__ import annotations

import pytest

from checks.changes import alias_of, applied, in_the_way
from checks.evidence import Readings, State
from checks.model import Action, DnsChange, Owner, Remedy
from checks.probes import DnsProbe, DnsReading, DnsRecord

NAME = "_dmarc.club.example"
TXT = DnsProbe(NAME, "TXT")


def reading(*texts: str, chain: tuple[str, ...] = ()) -> DnsReading:
    records = tuple(DnsRecord(value=text, strings=(text,)) for text in texts)
    return DnsReading(state=State.OK if texts else State.NODATA, records=records, chain=chain)


def change(action: Action, value: str = "v=DMARC1; p=none") -> DnsChange:
    return DnsChange(action=action, name=NAME, type="TXT", value=value)


@pytest.mark.parametrize("action", list(Action))
def test_beside_an_alias_nothing_changes(action: Action) -> None:
    """RFC 1034 section 3.6.2 and RFC 2181 section 10.1: a name with a CNAME has no other data, so the change cannot be made."""
    before: Readings = {TXT: reading("v=DMARC1; p=none", chain=("_dmarc.hosted.test",))}
    assert applied([change(action)], before) == {}
    assert in_the_way([change(action)], before) == NAME


def test_an_alias_is_known_from_a_question_for_any_type() -> None:
    """Whichever type was asked for, the name has no room for others."""
    before: Readings = {DnsProbe(NAME, "A"): reading(chain=("hosted.test",)), TXT: reading()}
    assert in_the_way([change(Action.ADD)], before) == NAME


def test_what_a_wildcard_makes_up_gives_way() -> None:
    """RFC 4592 section 2.2.1: a record of the name itself takes the place of what the wildcard makes."""
    alias = reading(chain=("web.hoster.example",))
    before: Readings = {TXT: alias, DnsProbe("*.club.example", "TXT"): alias}
    assert not in_the_way([change(Action.ADD)], before)
    assert applied([change(Action.ADD)], before)[TXT] == reading("v=DMARC1; p=none")
    assert (
        alias_of(NAME, {**before, DnsProbe("*.club.example", "TXT"): reading(chain=("other.example",))}) == "web.hoster.example"
    )


@pytest.mark.parametrize(
    "old", ["v = DMARC1; p=none; pct=50", "V=DMARC1 ;p=none", "v=dmarc1; p=none", '"v=DMARC1; p=none"', "v=DMARC1\\; p=none", "v=DMARC1"]
)  # fmt: skip
def test_a_record_of_the_same_kind_is_replaced_however_it_is_written(old: str) -> None:
    """Space around the sign is legal (RFC 9989 section 4.8); slips of the beginning do not make another kind of it. Other texts stay."""
    before: Readings = {TXT: reading(old, "hello", "v=spf1 -all")}
    after = applied([change(Action.REPLACE)], before)[TXT]
    assert isinstance(after, DnsReading)
    assert after.values == ("hello", "v=spf1 -all", "v=DMARC1; p=none")


def test_a_withheld_remedy_does_not_point_at_what_is_not_shown() -> None:
    """Steps that speak of the record below go; the reason stands in their place."""
    steps = (
        "Read this first.",
        "Replace the record at x by the one below.",
        "Then add what the provider shows below _domainkey.x.",
    )
    bare = Remedy(owner=Owner.DNS_ADMIN, steps=steps, records=(change(Action.ADD),)).withheld("Not shown.")
    assert bare == Remedy(owner=Owner.DNS_ADMIN, steps=(steps[0], "Not shown.", steps[2]))
    assert Remedy(owner=Owner.DNS_ADMIN, steps=steps[:1]).withheld("Not shown.").steps == (steps[0], "Not shown.")
