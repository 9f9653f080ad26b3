"""Servers that greet late: how long they are waited for, and that it is remembered."""

from __future__ import annotations

import asyncio

import pytest

from checks.gather import smtp
from checks.gather.smtp_draft import Timeouts
from checks.probes import Fault, SmtpProbe, SmtpReading
from checks.settings import Security
from tests.fakes.smtp_server import FakeServer, Ordinary, Peer
from tests.fakes.smtp_world import World, look

EAGER = World(timeouts=Timeouts(quit=0.2))


class Late(Ordinary):
    """An ordinary server that takes its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(tls="none")
        self.seconds = seconds

    async def __call__(self, peer: Peer) -> None:
        await asyncio.sleep(self.seconds)
        await super().__call__(peer)


@pytest.mark.parametrize(
    ("left", "share", "waited"), [(60, 0.5, 30), (300, 0.5, 150), (3600, 0.5, 300), (15, 0.5, 10), (60, 1.0, 60), (60, 0.0, 10)]
)
def test_the_wait_for_a_greeting_grows_with_the_time_of_the_run(left: float, share: float, waited: float) -> None:
    """Half of what is left, at least ten seconds, at most the five minutes of RFC 5321 section 4.5.3.2.1."""
    assert Timeouts().for_greeting(left, share) == waited


def test_a_wait_that_was_set_is_kept() -> None:
    assert Timeouts(greeting=0.5).for_greeting(300, 0.5) == 0.5


def test_a_late_greeting_is_accepted_and_measured() -> None:
    """The reading has whole seconds, so that a prompt server's does not wobble."""
    reading, _ = look(Late(1.1), world=EAGER)
    assert (reading.fault, reading.greeted_after) == (Fault.NONE, 1)
    prompt, _ = look(Ordinary(tls="none"), world=EAGER)
    assert prompt.greeted_after == 0


def test_a_server_that_greeted_late_is_waited_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The conversation with the password is not cut off because the one before it used up half of the time."""
    monkeypatch.setattr(smtp, "LATE", 0)

    async def run() -> tuple[float, SmtpReading, float]:
        async with FakeServer(Late(0.6)) as server:
            gatherer = EAGER.gatherer({587: server.port})
            probe = SmtpProbe(host="mx.club.example", address="127.0.0.1", port=587, security=Security.NONE)
            before = gatherer._share(probe)
            reading = await gatherer(probe, 10)
            assert isinstance(reading, SmtpReading)
            return before, reading, gatherer._share(probe)

    before, reading, after = asyncio.run(run())
    assert (before, reading.greeted_after, after) == (0.5, 1, 1.0)


def test_silence_at_the_port_that_begins_encrypted_is_no_lateness() -> None:
    """At 465 the client begins, so whoever waits there for a greeting has the wrong setting, and shall learn it soon."""
    gatherer = EAGER.gatherer({})
    shares = [
        gatherer._share(SmtpProbe(host="mx.club.example", address="127.0.0.1", port=465, security=security))
        for security in (Security.STARTTLS, Security.NONE, Security.IMPLICIT_TLS)
    ]
    assert shares == [0.0, 0.0, 0.5]
