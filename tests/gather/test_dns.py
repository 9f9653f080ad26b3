"""The DNS gatherer against a name server on loopback that behaves, and one that does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from checks.evidence import State
from checks.gather.dns import DnsGatherer
from checks.probes import DnsProbe, DnsReading
from tests.fakes import dns_server as steps
from tests.fakes.dns_server import DnsServer, Step
from tests.fakes.zone import ZoneWorld

ZONE = r"""
@ A 192.0.2.10
@ AAAA 2001:db8::10
@ MX 20 backup
@ MX 10 Mail
@ TXT "v=spf1 mx " "include:spf.example -all"
@ TXT "\195\188\000\"quoted\""
@ NS ns
@ CAA 0 issue "ca.example"
mail A 192.0.2.25
null MX 0 .
www CNAME @
alias CNAME www
far CNAME target.elsewhere.example.
gone CNAME nowhere
target.elsewhere.example. A 198.51.100.1
*.wild TXT "any"
_sip._tcp SRV 0 5 5060 sip
odd\.name TXT "dot in a label"
10.2.0.192.in-addr.arpa. PTR mail
25.2.0.192.in-addr.arpa. PTR odd\.name
loop1 CNAME loop2
loop2 CNAME loop1
"""

QUICK = 0.15


def ask(
    server: DnsServer | Sequence[tuple[str, int]],
    name: str,
    rdtype: str = "A",
    *,
    budget: float = 5.0,
    timeout: float = QUICK,
    tcp_timeout: float = 0.3,
) -> DnsReading:
    """Ask one question, with short time-outs."""
    servers = [server.endpoint] if isinstance(server, DnsServer) else server

    async def run() -> DnsReading:
        async with DnsGatherer(servers, timeout=timeout, tcp_timeout=tcp_timeout) as gather:
            return await gather(DnsProbe(name, rdtype), budget)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "rdtype"),
    [
        ("club.example", "A"), ("club.example", "AAAA"), ("club.example", "MX"), ("club.example", "TXT"), ("club.example", "NS"),
        ("club.example", "SOA"), ("club.example", "CAA"), ("CLUB.example.", "A"), ("null.club.example", "MX"), ("www.club.example", "A"),
        ("alias.club.example", "TXT"), ("www.club.example", "CNAME"), ("far.club.example", "A"), ("far.club.example", "MX"),
        ("gone.club.example", "A"), ("nowhere.club.example", "A"), ("mail.club.example", "AAAA"), ("elsewhere.example", "A"),
        ("x.wild.club.example", "TXT"), ("_sip._tcp.club.example", "SRV"), (r"odd\.name.club.example", "TXT"),
        ("10.2.0.192.in-addr.arpa", "PTR"), ("25.2.0.192.in-addr.arpa", "PTR"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("aliases_only", [False, True])
def test_the_wire_says_what_the_zone_says(name: str, rdtype: str, *, aliases_only: bool) -> None:
    """Values, aliases and negative answers come over real sockets as the zone of the rule tests gives them."""
    expected = ZoneWorld(ZONE).answer(DnsProbe(name, rdtype).name, rdtype)
    with DnsServer(ZONE, aliases_only=aliases_only) as server:
        reading = ask(server, name, rdtype)
        assert reading.server == server.address
    assert (reading.state, reading.chain, reading.negative_ttl) == (expected.state, expected.chain, expected.negative_ttl)
    assert sorted(reading.records, key=repr) == sorted(expected.records, key=repr)
    assert not reading.detail


@pytest.mark.parametrize(
    "script",
    [
        [steps.drop],
        [steps.drop, steps.drop],
        [steps.wrong_id_first],
        [steps.other_question_first],
        [steps.other_case_first],
        [steps.garbage_first],
        [steps.broken_first],
        [steps.forged_first],
        [steps.without_edns("FORMERR"), steps.plainly],
        [steps.without_edns("NOTIMP"), steps.plainly],
        [steps.without_edns("BADVERS"), steps.plainly],
        [steps.rcode("FORMERR", question=False), steps.plainly],
        [steps.deaf_to_edns, steps.deaf_to_edns, steps.deaf_to_edns],
        [steps.truncated],
        [steps.rcode("SERVFAIL"), steps.plainly],
        [steps.late(QUICK * 1.5), steps.drop],
        [steps.broken, steps.plainly],
    ],
    ids=lambda script: "+".join(getattr(step, "__name__", "step") for step in script),
)
def test_the_truth_comes_through(script: list[Step]) -> None:
    """Lies, noise, losses and old servers: none of them changes the answer."""
    with DnsServer(ZONE, script=script) as server:
        reading = ask(server, "club.example")
    assert (reading.state, reading.values) == (State.OK, ("192.0.2.10",))


@pytest.mark.parametrize(
    ("always", "tcp", "state", "says"),
    [
        (steps.drop, "ok", State.TIMEOUT, "no answer came from 127.0.0.1:"),
        (steps.rcode("SERVFAIL"), "ok", State.SERVFAIL, "SERVFAIL"),
        (steps.rcode("SERVFAIL", (22, ""), (23, "192.0.2.1 timed out")), "ok", State.SERVFAIL, "failed (192.0.2.1 timed out)"),
        (steps.rcode("SERVFAIL", (6, "")), "ok", State.BOGUS, "DNSSEC: the signature does not fit"),
        (steps.rcode("SERVFAIL", (7, "since 2026-11-01")), "ok", State.BOGUS, "expired (since 2026-11-01)"),
        (steps.rcode("SERVFAIL", (49152, "")), "ok", State.SERVFAIL, "error 49152"),
        (steps.rcode("NXDOMAIN", (15, "")), "ok", State.REFUSED, "blocked"),
        (steps.rcode("REFUSED"), "ok", State.REFUSED, "REFUSED"),
        (steps.rcode("REFUSED", question=False), "ok", State.REFUSED, "REFUSED"),
        (steps.rcode("FORMERR"), "ok", State.SERVFAIL, "FORMERR"),
        (steps.rcode("YXDOMAIN"), "ok", State.SERVFAIL, "YXDOMAIN"),
        (steps.rcode("NXDOMAIN"), "ok", State.NXDOMAIN, ""),
        (steps.bare_nodata, "ok", State.NODATA, ""),
        (steps.referral, "ok", State.SERVFAIL, "does not look names up"),
        (steps.lame, "ok", State.SERVFAIL, "no authority"),
        (steps.broken, "ok", State.BOGUS, "broken message"),
        (steps.truncated, "refused", State.REFUSED, "refuses TCP"),
        (steps.truncated, "cut", State.SERVFAIL, "broke the TCP connection off"),
        (steps.truncated, "silent", State.TIMEOUT, "over TCP in time"),
        (steps.truncated, "truncated", State.SERVFAIL, "no whole one over TCP"),
        (steps.truncated, "broken", State.BOGUS, "broken message"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str(value).replace(" ", "-"),
)  # fmt: skip
def test_a_failure_is_named_and_never_an_answer(always: Step, tcp: str, state: State, says: str) -> None:
    """Each fault has its own state and a reason in words, and no records come with it."""
    with DnsServer(ZONE, always=always, tcp=tcp) as server:
        began = time.monotonic()
        reading = ask(server, "club.example")
    assert (reading.state, reading.records) == (state, ())
    assert says in reading.detail
    assert time.monotonic() - began < 4  # a busy machine; unhurried it is 1.1


def test_a_long_answer_comes_over_tcp_whole() -> None:
    """500 text records are more than a packet; all of them arrive."""
    zone = "\n".join(f'@ TXT "record {number:04d} {"x" * 40}"' for number in range(500))
    with DnsServer(zone, always=steps.truncated) as server:
        reading = ask(server, "club.example", "TXT", timeout=2, tcp_timeout=2)
        assert [asked.transport for asked in server.asked] == ["udp", "tcp"]
    assert len(reading.records) == 500


def test_aliases_in_circles_end() -> None:
    """In one message or one by one: servfail with the reason, after few questions."""
    for aliases_only in (False, True):
        with DnsServer(ZONE, aliases_only=aliases_only) as server:
            reading = ask(server, "loop1.club.example")
            assert len(server.asked) <= 11
        assert reading.state is State.SERVFAIL
        assert "circles" in reading.detail


def test_a_chain_of_ten_is_followed_and_eleven_is_not() -> None:
    def zone(length: int) -> str:
        return "\n".join([*(f"a{n} CNAME a{n + 1}" for n in range(length)), f"a{length} A 192.0.2.1"])

    for aliases_only in (False, True):
        with DnsServer(zone(10), aliases_only=aliases_only) as server:
            assert ask(server, "a0.club.example").values == ("192.0.2.1",)
        with DnsServer(zone(11), aliases_only=aliases_only) as server:
            assert ask(server, "a0.club.example").state is State.SERVFAIL


@pytest.mark.parametrize(
    ("name", "rdtype"),
    [
        ("a..club.example", "A"), (".club.example", "A"), ("..", "A"), ("x" * 64 + ".example", "A"), (".".join(["x" * 49] * 6), "A"),
        ("a" * 5000, "A"), ("café\N{SNOWMAN}\0.example", "A"), ("bad\\999.example", "A"),
        ("club.example", "NOSUCHTYPE"), ("club.example", "ANY"), ("club.example", "AXFR"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_not_asked(name: str, rdtype: str) -> None:
    with DnsServer(ZONE) as server:
        reading = ask(server, name, rdtype)
        assert reading.state is State.BOGUS
        assert reading.detail.startswith("this is not a ")
        assert not server.asked


def test_a_name_of_255_octets_is_asked() -> None:
    longest = ".".join(["x" * 63] * 3 + ["x" * 61])
    with DnsServer(ZONE) as server:
        assert ask(server, longest).state is State.NXDOMAIN
        assert ask(server, longest + "x").state is State.BOGUS


def test_the_second_server_answers_when_the_first_is_dead_silent_or_lame() -> None:
    """The answer is true, and comes without the first one's full patience."""
    closed = ("127.0.0.1", _closed_port())
    with DnsServer(ZONE) as good, DnsServer(always=steps.drop) as silent, DnsServer(always=steps.rcode("REFUSED")) as lame:
        for first in (closed, silent.endpoint, lame.endpoint):
            reading = ask([first, good.endpoint], "club.example")
            assert (reading.values, reading.server) == (("192.0.2.10",), good.address)


def test_a_silent_server_is_asked_last_from_then_on() -> None:
    """Its time-out is paid once in a run, not once a question."""

    async def run(silent: DnsServer, good: DnsServer) -> None:
        async with DnsGatherer([silent.endpoint, good.endpoint], timeout=QUICK) as gather:
            for name in ("club.example", "mail.club.example", "www.club.example"):
                assert (await gather(DnsProbe(name, "A"), 5)).state is State.OK

    with DnsServer(always=steps.drop) as silent, DnsServer(ZONE) as good:
        asyncio.run(run(silent, good))
        assert len(silent.asked) == 1


def test_dnssec_failure_is_not_hidden_by_a_server_that_does_not_validate() -> None:
    with DnsServer(ZONE) as careless, DnsServer(always=steps.rcode("SERVFAIL", (6, ""))) as careful:
        assert ask([careful.endpoint, careless.endpoint], "club.example").state is State.BOGUS


def test_nobody_listens() -> None:
    """A closed port is told at once, not waited for."""
    began = time.monotonic()
    reading = ask([("127.0.0.1", _closed_port())], "club.example", timeout=5)
    assert reading.state is State.NOT_ATTEMPTED
    assert "nothing listens there" in reading.detail
    assert time.monotonic() - began < 1


def test_no_server_at_all_is_told() -> None:
    reading = ask([], "club.example")
    assert reading.state is State.NOT_ATTEMPTED
    assert "--nameserver" in reading.detail


def test_the_budget_holds() -> None:
    """However patient the time-outs are, the whole run's time is kept."""
    with DnsServer(always=steps.drop) as server:
        began = time.monotonic()
        assert ask(server, "club.example", timeout=5, budget=0.3).state is State.TIMEOUT
        assert time.monotonic() - began < 0.8


def test_many_questions_at_once_get_their_own_answers() -> None:
    """600 questions over shared sockets, more than the sockets' ports live: no answer goes astray."""
    zone = "\n".join(f"h{number} A 198.51.{number // 250}.{number % 250}" for number in range(600))

    async def run(server: DnsServer) -> list[DnsReading]:
        async with DnsGatherer([server.endpoint], timeout=2, in_flight=50) as gather:
            return await asyncio.gather(*(gather(DnsProbe(f"h{number}.club.example", "A"), 30) for number in range(600)))

    with DnsServer(zone) as server:
        readings = asyncio.run(run(server))
    assert [reading.values for reading in readings] == [(f"198.51.{number // 250}.{number % 250}",) for number in range(600)]


def test_questions_are_sent_no_faster_than_allowed() -> None:
    async def run(server: DnsServer) -> float:
        async with DnsGatherer([server.endpoint], per_second=50) as gather:
            began = time.monotonic()
            await asyncio.gather(*(gather(DnsProbe(f"h{number}.club.example", "A"), 5) for number in range(11)))
            return time.monotonic() - began

    with DnsServer(ZONE) as server:
        assert asyncio.run(run(server)) >= 0.19


def test_only_absolute_names_are_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """No search list is applied, whatever the computer has configured."""
    monkeypatch.setenv("LOCALDOMAIN", "corp.test")
    with DnsServer('*.corp.test. TXT "v=spf1 +all"') as server:
        assert ask(server, "nosuch.example", "TXT").state is State.NXDOMAIN
        assert {asked.name for asked in server.asked} == {"nosuch.example"}


def _closed_port() -> int:
    with DnsServer() as server:
        return server.port
