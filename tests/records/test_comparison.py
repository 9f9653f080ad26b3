"""What was sent beside what arrived, and the signed unsubscribe fields."""

from __future__ import annotations

import base64
import binascii

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.records.arrived import read_message
from checks.records.comparison import Body, Change, OneClick, compare, one_click
from checks.records.dkim_door import verify_signatures
from tests.records.mail import NOW, RECEIVED, SENT, rsa_record, run, sign

ORIGINAL = read_message(SENT)


def changed(old: bytes, new: bytes) -> bytes:
    assert old in SENT
    return SENT.replace(old, new, 1)


@pytest.mark.parametrize(
    "arrived", [SENT, RECEIVED + SENT, SENT.replace(b"\r\n", b"\n"), sign(RECEIVED + SENT), SENT + b"\r\n\r\n"]
)
def test_nothing_changed(arrived: bytes) -> None:
    """Fields of servers on the way, signatures, line ends and empty lines at the end are no change."""
    found = compare(ORIGINAL, read_message(arrived))
    assert (found.changed, found.missing, found.added, found.rewritten, found.body) == ((), (), (), (), Body.SAME)
    assert found.untouched


def test_a_changed_field() -> None:
    found = compare(ORIGINAL, read_message(changed(b"Subject: sendready", b"Subject: [EXTERN] sendready")))
    subject = "sendready test message abc123"
    assert found.changed == (Change(name="subject", sent=subject, arrived=f"[EXTERN] {subject}"),)
    assert not found.untouched


def test_missing_and_added_fields() -> None:
    found = compare(ORIGINAL, read_message(b"List-Id: <a.example>\r\n" + changed(b"Reply-To: office@club.example\r\n", b"")))
    assert (found.missing, found.added) == (("reply-to",), ("list-id",))


def test_a_field_written_otherwise() -> None:
    """Another fold, another encoding of the name: read the same."""
    name = b"From: =?utf-8?q?Ruderverein_M=C3=BCnchen?= <news@club.example>\r\n"
    old = SENT[: SENT.index(b"To: ")]
    found = compare(ORIGINAL, read_message(changed(old, name)))
    assert (found.rewritten, found.changed, found.untouched) == (("from",), (), True)


def test_a_body_coded_otherwise() -> None:
    """A server that turns quoted-printable into base64 breaks the signature, and nobody sees a difference."""
    part = ORIGINAL.outline.parts[1]
    text = ORIGINAL.body[part.start : part.end]
    coded = base64.encodebytes(binascii.a2b_qp(text))
    body = ORIGINAL.body.replace(text, coded).replace(b"quoted-printable", b"base64", 1)
    found = compare(ORIGINAL, read_message(SENT.replace(ORIGINAL.body, body)))
    assert found.body is Body.RECODED
    assert found.untouched


@pytest.mark.parametrize(
    ("old", "new", "body"),
    [
        (
            b"</body>",
            b"<p>Sent from the club's server</p></body>",
            Body.CHANGED,
        ),  # in one of two parts only: the other is as it was
        (b"This is a test", b"This was a test", Body.CHANGED),
    ],
)
def test_a_changed_body(old: bytes, new: bytes, body: Body) -> None:
    found = compare(ORIGINAL, read_message(changed(old, new)))
    assert found.body in (body, Body.EXTENDED if b"club's" in new else body)
    assert not found.untouched


def test_a_disclaimer() -> None:
    """Text put behind both forms is an extension."""
    footer = changed(b"</body>", b"<p>Confidential.</p></body>").replace(
        b"sendready abc123\r\n\r\n--", b"sendready abc123\r\nConfidential.\r\n\r\n--"
    )
    found = compare(ORIGINAL, read_message(footer))
    assert found.body is Body.EXTENDED


def test_half_a_message() -> None:
    assert compare(ORIGINAL, read_message(SENT[:-300], cut=True)).body is Body.CUT


LIST = b"List-Unsubscribe: <https://club.example/u>, <mailto:u@club.example>\r\n"
POST = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
BOTH = ["from", "list-unsubscribe", "list-unsubscribe-post"]


@pytest.mark.parametrize(
    ("fields", "signed", "domain", "state"),
    [
        (b"", ["from"], "club.example", "absent"),
        (LIST + POST, BOTH, "club.example", "complete"),
        (LIST, BOTH, "club.example", "no-post"),
        (POST, BOTH, "club.example", "no-list"),
        (LIST + POST + POST, BOTH, "club.example", "duplicate"),
        (LIST + POST.replace(b"One", b"Two"), BOTH, "club.example", "bad-post"),
        (LIST.replace(b"https:", b"http:") + POST, BOTH, "club.example", "no-https"),
        (LIST.replace(b"mailto:", b"https://") + POST, BOTH, "club.example", "several-https"),
        (LIST + POST, ["from", "list-unsubscribe"], "club.example", "unsigned"),
        (LIST + POST, BOTH, "provider.example", "unaligned"),
    ],
)
def test_one_click(fields: bytes, signed: list[str], domain: str, state: str) -> None:
    """RFC 8058: both fields, one HTTPS address, covered by a valid signature of the sender's domain."""
    message = sign(fields + SENT, headers=signed, domain=domain)
    arrived = read_message(message)
    texts = {f"s1._domainkey.{domain}": [rsa_record()]}
    found = run(lambda ev: verify_signatures(arrived, ev, at=NOW), texts)
    assert one_click(arrived, found.results, {"club.example"}) == OneClick(state)


def test_a_broken_signature_covers_nothing() -> None:
    arrived = read_message(sign(LIST + POST + SENT, headers=BOTH).replace(b"This is", b"This was"))
    found = run(lambda ev: verify_signatures(arrived, ev, at=NOW), {"s1._domainkey.club.example": [rsa_record()]})
    assert one_click(arrived, found.results, {"club.example"}) is OneClick.UNSIGNED


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_two_messages_are_compared(data: st.DataObject) -> None:
    """Nothing raises; a message is the same as itself."""
    at = data.draw(st.integers(0, len(SENT)))
    junk = data.draw(st.binary(max_size=30))
    other = read_message(SENT[:at] + junk + SENT[at + data.draw(st.integers(0, 50)) :])
    compare(ORIGINAL, other)
    compare(other, ORIGINAL)
    assert compare(other, other).untouched or not other.whole
