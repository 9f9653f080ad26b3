"""The question about the message that has arrived: when it is asked, and when there is nothing to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.evidence import Evidence, Probe, Reading, State, Undetermined
from checks.probes import (
    ArrivalFault,
    ArrivalProbe,
    ArrivalReading,
    DnsProbe,
    DnsReading,
    DnsRecord,
    Fault,
    Reply,
    SmtpProbe,
    SmtpReading,
    Stage,
    SubmissionReading,
    TlsFacts,
)
from checks.rules._arrival import arrived, need_arrived
from checks.settings import Settings, parse
from checks.subject import Arrival, ServerSubject, TestPlan, Way

GREETING = Reply(code=220, lines=("mx.club.example ESMTP",))
MAILBOX = Arrival(way=Way.IMAP, host="imap.club.example", port=993, username="me")
SAVED = Arrival(way=Way.FILE, sha256="00")
TOOK = SubmissionReading(
    state=State.OK, stage=Stage.QUIT, message_id="sendready-1@club.example", accepted=Reply(code=250, lines=("queued",))
)
FOUND = ArrivalReading(state=State.OK, found=True, raw="x")


def settings() -> Settings:
    server = {
        "name": "Lab", "default": True, "sender": {"email": "o@club.example"}, "host": "smtp.club.example", "port": 587,
        "security": "starttls", "auth": "none",
    }  # fmt: skip
    return parse({"servers": [server]})


class World(Mapping[Probe[Any], Reading]):
    """Answers every question of a kind with the same reading; remembers what was asked about arrival."""

    def __init__(self, *, sent: SubmissionReading = TOOK, came: ArrivalReading = FOUND, dns: State = State.OK) -> None:
        self._sent, self._came, self._dns = sent, came, dns
        self.asked: list[ArrivalProbe] = []

    def __getitem__(self, probe: Probe[Any]) -> Reading:
        if isinstance(probe, DnsProbe):
            mailbox = probe.name.startswith("imap")
            if mailbox and self._dns is not State.OK:
                return DnsReading(state=self._dns)
            return (
                DnsReading(state=State.OK, records=(DnsRecord(value="192.0.2.7"),))
                if probe.type == "A"
                else DnsReading(state=State.NODATA)
            )
        if isinstance(probe, SmtpProbe):
            return SmtpReading(state=State.OK, stage=Stage.QUIT, greeting=GREETING, tls=TlsFacts(verified=True))
        if isinstance(probe, ArrivalProbe):
            self.asked.append(probe)
            return self._came
        return self._sent

    def __contains__(self, probe: object) -> bool:
        return True

    def __iter__(self) -> Iterator[Probe[Any]]:
        return iter(())

    def __len__(self) -> int:
        return 0


def subject(arrival: Arrival | None, *, message: str = "sendready-1") -> ServerSubject:
    plan = TestPlan(to="me@club.example", message=message)
    document = settings()
    return ServerSubject(
        now=datetime(2026, 11, 23, tzinfo=UTC), server=document.servers[0], settings=document, test=plan, arrival=arrival
    )


def test_a_mailbox_is_asked_for_what_was_sent() -> None:
    """By the Message-ID that left and its mark, at the addresses that DNS gives."""
    world = World()
    assert arrived(subject(MAILBOX), Evidence(world)) is FOUND
    [probe] = world.asked
    assert (probe.message_id, probe.mark, probe.addresses) == ("sendready-1@club.example", "sendready-1", ("192.0.2.7",))


def test_a_saved_message_needs_no_sending() -> None:
    world = World()
    assert arrived(subject(SAVED, message=""), Evidence(world)) is FOUND
    assert world.asked == [ArrivalProbe(way=Way.FILE, sha256="00")]


LOST = replace(TOOK, stage=Stage.MESSAGE, fault=Fault.UNCONFIRMED, accepted=None)
REFUSED = replace(TOOK, stage=Stage.MESSAGE, fault=Fault.REJECTED, accepted=None, reply=Reply(code=550, lines=("no",)))


def test_what_may_be_under_way_is_looked_for() -> None:
    """The connection was lost after the final dot: nobody knows, so the mailbox is asked."""
    assert arrived(subject(MAILBOX), Evidence(World(sent=LOST))) is FOUND


@pytest.mark.parametrize(
    ("arrival", "message", "sent"),
    [
        (None, "sendready-1", TOOK),
        (MAILBOX, "", TOOK),
        (MAILBOX, "sendready-1", REFUSED),
        (MAILBOX, "sendready-1", replace(TOOK, stage=Stage.RCPT, fault=Fault.REJECTED, accepted=None, message_id="")),
    ],
    ids=["nobody asked", "nothing was to be sent", "the message was refused", "the recipient was refused"],
)
def test_nothing_to_look_for(arrival: Arrival | None, message: str, sent: SubmissionReading) -> None:
    world = World(sent=sent)
    assert arrived(subject(arrival, message=message), Evidence(world)) is None
    assert world.asked == []


def test_a_mailbox_whose_address_is_not_known() -> None:
    """A name server that fails makes the finding unknown; no address at all is asked all the same, and the gatherer says so."""
    with pytest.raises(Undetermined):
        arrived(subject(MAILBOX), Evidence(World(dns=State.SERVFAIL)))
    world = World(dns=State.NXDOMAIN)
    arrived(subject(MAILBOX), Evidence(world))
    assert world.asked[0].addresses == ()


def test_needing_it() -> None:
    """A mailbox that cannot be read is unknown with its reason; a message that has not come is an answer."""
    broken = ArrivalReading(state=State.REFUSED, fault=ArrivalFault.LOGIN_REFUSED, detail="wrong password")
    assert arrived(subject(MAILBOX), Evidence(World(came=broken))) is broken
    with pytest.raises(Undetermined):
        need_arrived(subject(MAILBOX), Evidence(World(came=broken)))
    missing = ArrivalReading(state=State.OK)
    assert need_arrived(subject(MAILBOX), Evidence(World(came=missing))) is missing
