"""Reading and writing DNS messages: against dnspython's own, and against strangers' bytes."""

from __future__ import annotations

import struct
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import State
from checks.gather.dns_meaning import Fault, Settled, meaning
from checks.gather.dns_wire import MalformedError, NotANameError, Question, is_within, name_text, query, question, read

ASKED = question("club.example", "TXT")
HEADER = struct.Struct("!HHHHHH")
NAMES = st.lists(st.binary(min_size=1, max_size=63), max_size=6).filter(lambda labels: sum(map(len, labels)) + len(labels) < 255)


def reply_to(
    asked: Question, body: bytes, *, answers: int = 1, authorities: int = 0, additionals: int = 0, flags: int = 0x8180
) -> bytes:
    return HEADER.pack(1, flags, 1, answers, authorities, additionals) + asked.wire + body


def record(rdtype: int, data: bytes, *, owner: bytes = b"\xc0\x0c", ttl: int = 60) -> bytes:
    return owner + struct.pack("!HHIH", rdtype, 1, ttl, len(data)) + data


@given(NAMES)
def test_names_are_written_and_shown_as_dnspython_does(labels: list[bytes]) -> None:
    """Any octets in a label: the text is the same, and the text leads back to the same octets."""
    lowered = [label.lower() for label in labels]
    name = dns.name.Name([*lowered, b""])
    text = name_text(name.to_wire() or b"")
    assert text == name.to_text(omit_final_dot=True)
    assert question(text if labels else "", "A").name == name.to_wire()


@pytest.mark.parametrize(
    "text", ["a..b", ".a", "..", "x" * 64, ".".join(["x" * 63] * 4), "ä.example", "\\999.example", "a\\2", "a" * 9999]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(NotANameError):
        question(text, "A")


def test_a_question_reads_as_dnspython_reads_it() -> None:
    """Recursion desired, authenticity requested, 1232 octets of EDNS."""
    message = dns.message.from_wire(query(ASKED, 4711, edns=True))
    assert (message.id, message.edns, message.payload) == (4711, 0, 1232)
    assert message.flags == dns.flags.RD | dns.flags.AD
    assert message.question[0].to_text() == "club.example. IN TXT"
    assert dns.message.from_wire(query(ASKED, 4711, edns=False)).edns == -1


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fall_over(data: bytes) -> None:
    """Noise is not ours, or malformed, or read; nothing else is raised."""
    for wire in (data, reply_to(ASKED, data, answers=3, authorities=2, additionals=1)):
        try:
            reply = read(wire, ASKED)
        except MalformedError:
            continue
        if reply is not None:
            assert isinstance(meaning(reply, "192.0.2.53:53"), Settled | Fault)


@given(st.data())
def test_a_damaged_answer_is_never_read_as_another_question(data: st.DataObject) -> None:
    """One octet changed anywhere: the answer still carries our question, or is not ours."""
    message = dns.message.make_response(dns.message.make_query("club.example", "TXT", id=1))
    message.answer.append(dns.rrset.from_text("club.example.", 60, "IN", "TXT", '"v=spf1 -all"', '"other"'))
    wire = bytearray(message.to_wire())
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] ^= data.draw(st.integers(1, 255))
    try:
        reply = read(bytes(wire), ASKED)
    except MalformedError:
        return
    if reply is not None and at < 12 + len(ASKED.wire):
        assert at < 12


@pytest.mark.parametrize(
    "body",
    [
        record(16, b"\x05abc"),  # a string longer than its record
        record(16, b"\x03abc")[:-1],  # a record longer than the message
        record(16, b"", owner=b"\xc0\x1e"),  # a name that points at itself
        record(16, b"", owner=b"\xff\xff"),  # a name that points behind the message
        record(16, b"", owner=b"\x80a"),  # a label of a kind that does not exist
        record(16, b"", owner=(b"\x3f" + b"x" * 63) * 4 + b"\0"),  # a name of more than 255 octets
        record(5, b"\x03abc\0tail"),  # an alias with something behind it
        record(5, b"\xc0"),  # half a pointer
        b"",
    ],
)
def test_malformed(body: bytes) -> None:
    """Broken in one place: said so, not guessed at."""
    with pytest.raises(MalformedError):
        read(reply_to(ASKED, body), ASKED)


def test_records_of_another_name_class_or_type_are_not_ours() -> None:
    other = b"\x05other\x07example\0"
    body = (
        record(16, b"\x03lie", owner=other)
        + b"\xc0\x0c"
        + struct.pack("!HHIH", 16, 3, 60, 4)
        + b"\x03lie"
        + record(1, b"\x7f\0\0\1")
    )
    reply = read(reply_to(ASKED, body, answers=3), ASKED)
    assert reply is not None
    assert reply.records == []


def test_more_records_than_anyone_publishes_are_refused_quickly() -> None:
    """A full message of the smallest records, and the worst names within our bounds, cost little."""
    began = time.process_time()
    with pytest.raises(MalformedError, match="2,000"):
        read(reply_to(ASKED, record(16, b"\x01x") * 4000, answers=4000), ASKED)
    ladder = b"".join(b"\x01a" + struct.pack("!H", 0xC000 | (30 + 4 * step - 4 if step else 12)) for step in range(120))
    body = record(16, ladder) + record(5, b"\0", owner=struct.pack("!H", 0xC000 | 42 + 4 * 100)) * 1900
    with pytest.raises(MalformedError):
        read(reply_to(ASKED, body, answers=1901), ASKED)
    assert time.process_time() - began < 1


def test_a_time_to_live_with_the_highest_bit_is_zero() -> None:
    """RFC 2181 section 8."""
    reply = read(reply_to(ASKED, record(16, b"\x01x", ttl=1 << 31)), ASKED)
    assert reply is not None
    assert reply.records[0].ttl == 0


def test_a_zone_contains_itself_and_what_is_below_at_label_borders() -> None:
    zone = b"\x04club\x07example\0"
    assert is_within(zone, zone)
    assert is_within(b"\x03www" + zone, zone)
    assert is_within(zone, b"\0")
    assert not is_within(b"\x0bgolf\x04club\x07example\0", zone)
    assert not is_within(b"\x07example\0", zone)


def soa(owner: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(owner, 900, "IN", "SOA", "ns.example. hostmaster.example. 1 2 3 4 300")


def answer_with(*, flags: int = 0, authority: tuple[dns.rrset.RRset, ...] = (), rcode: str = "NOERROR") -> Settled | Fault:
    message = dns.message.make_response(dns.message.make_query("club.example", "TXT", id=1))
    message.flags |= flags
    message.authority.extend(authority)
    message.set_rcode(dns.rcode.from_text(rcode))
    reply = read(message.to_wire(), ASKED)
    assert reply is not None
    return meaning(reply, "192.0.2.53:53")


@pytest.mark.parametrize(
    ("flags", "authority", "rcode", "state"),
    [
        (0, (soa("club.example."),), "NOERROR", State.NODATA),  # RFC 2308 section 2.2, type 2
        (0, (soa("."),), "NOERROR", State.NODATA),
        (0, (soa("other.example."),), "NOERROR", State.SERVFAIL),
        (dns.flags.AA, (), "NOERROR", State.NODATA),  # RFC 2308 section 2.2, type 3
        (dns.flags.RA, (), "NOERROR", State.NODATA),
        (0, (), "NOERROR", State.SERVFAIL),
        (dns.flags.RA, (dns.rrset.from_text("example.", 60, "IN", "NS", "ns.example."),), "NOERROR", State.SERVFAIL),
        (dns.flags.AA, (dns.rrset.from_text("example.", 60, "IN", "NS", "ns.example."),), "NOERROR", State.NODATA),
        (0, (soa("example."),), "NXDOMAIN", State.NXDOMAIN),
        (0, (), "NXDOMAIN", State.NXDOMAIN),
        (dns.flags.AA, (), "NOTAUTH", State.SERVFAIL),
    ],
)
def test_none_is_told_from_ask_elsewhere(flags: int, authority: tuple[dns.rrset.RRset, ...], rcode: str, state: State) -> None:
    assert answer_with(flags=flags, authority=authority, rcode=rcode).state is state


def test_the_smaller_of_two_times_says_how_long_none_is_remembered() -> None:
    """RFC 2308 section 5."""
    outcome = answer_with(authority=(soa("club.example."),))
    assert isinstance(outcome, Settled)
    assert outcome.reply.negative_ttl == 300
