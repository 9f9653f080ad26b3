"""DKIM signatures of arrived messages: verified as receivers do, each fault with its name, hostile ones at little cost."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.records.arrived import read_message
from checks.records.dkim_door import MAX_SIGNATURES, Reason, Result, SignatureResult, Signatures, reasons, verify_signatures
from checks.records.dkim_signature import Fault
from tests.records.mail import LETTER, NOW, RECEIVED, SENT, ed_record, rsa_key, rsa_record, run, sign

S1 = "s1._domainkey.club.example"


def verify(
    message: bytes, texts: Mapping[str, Sequence[str]] | None = None, *, at: datetime = NOW, cut: bool = False
) -> Signatures:
    answers = {S1: [rsa_record()]} if texts is None else texts
    return run(lambda ev: verify_signatures(read_message(message, cut=cut), ev, at=at), answers)


def one(
    message: bytes, texts: Mapping[str, Sequence[str]] | None = None, *, at: datetime = NOW, cut: bool = False
) -> SignatureResult:
    (only,) = verify(message, texts, at=at, cut=cut).results
    return only


def said(found: SignatureResult) -> tuple[Result, str]:
    return found.result, reasons([found])[0].value if not found.passed else ""


def retagged(message: bytes, old: bytes, new: bytes) -> bytes:
    head, colon, rest = message.partition(b"\r\nFrom:")
    assert old in head
    return head.replace(old, new, 1) + colon + rest


@pytest.mark.parametrize("canon", [("simple", "simple"), ("relaxed", "relaxed"), ("relaxed", "simple"), ("simple", "relaxed")])
@pytest.mark.parametrize("ed", [False, True])
def test_a_good_signature_passes(canon: tuple[str, str], ed: bool) -> None:
    """Both algorithms, all canonicalisations, with fields added on the way."""
    found = one(RECEIVED + sign(SENT, canon=canon, ed=ed), {S1: [ed_record() if ed else rsa_record()]})
    assert said(found) == (Result.PASS, "")
    assert (found.domain, found.selector, found.key_bits) == ("club.example", "s1", 256 if ed else 2048)
    assert (found.signature.header_canon, found.signature.body_canon) == canon
    assert found.uncovered == 0


def test_line_feeds_of_a_stored_copy_do_not_matter() -> None:
    """A Maildir file has bare line feeds; what was signed had CRLF (RFC 6376 section 5.3)."""
    assert one((RECEIVED + sign(SENT)).replace(b"\r\n", b"\n")).passed


def test_what_is_signed() -> None:
    """Fields signed, signed once more than they are there, and covered in full."""
    message = read_message(signed := sign(SENT, headers=["from", "from", "subject", "to", "reply-to", "list-id"]))
    found = one(signed).signature
    assert found.covers("Subject", message)
    assert not found.covers("Date", message)
    assert not found.covers("List-Id", message)
    assert set(found.oversigned(message)) == {"from", "list-id"}


CHANGES = [
    (b"This is a test", b"This was a test", "body-changed"),
    (b"Subject: sendready", b"Subject: [EXTERN] sendready", "header-changed"),
]


@pytest.mark.parametrize(("old", "new", "reason"), CHANGES)
def test_what_was_changed(old: bytes, new: bytes, reason: str) -> None:
    """Body and header are told apart."""
    signed = sign(SENT)
    assert old in signed
    found = one(signed.replace(old, new))
    assert said(found) == (Result.FAIL, reason)
    assert (found.header_holds, found.body_holds) == (reason != "header-changed", reason != "body-changed")


def test_header_and_body_changed() -> None:
    signed = sign(SENT)
    for old, new, _ in CHANGES:
        signed = signed.replace(old, new)
    assert said(one(signed)) == (Result.FAIL, "both-changed")


def test_a_field_added_under_an_oversigned_name() -> None:
    """A second From breaks the signature, because From is signed twice."""
    assert said(one(b"From: evil@bad.example\r\n" + sign(SENT))) == (Result.FAIL, "header-changed")


def test_white_space_at_line_ends() -> None:
    """Relaxed forgives it, simple does not."""
    for canon, result in (("relaxed", Result.PASS), ("simple", Result.FAIL)):
        signed = sign(SENT, canon=("relaxed", canon))
        assert one(signed.replace(b"</html>\r\n", b"</html>  \r\n")).result is result


def test_the_key_of_another_rsa_pair() -> None:
    """A key of the same size that did not sign: told apart from a changed header."""
    assert said(one(sign(SENT), {S1: [rsa_record(number=1)]})) == (Result.FAIL, "wrong-key")
    assert said(one(sign(SENT, bits=1024))) == (Result.FAIL, "wrong-key")  # the published one has 2048


def test_the_key_of_another_ed25519_pair() -> None:
    """With Ed25519 the two cannot be told apart."""
    assert said(one(sign(SENT, ed=True), {S1: [ed_record(number=1)]})) == (Result.FAIL, "header-changed")


KEYS: list[tuple[list[str] | None, Result, str]] = [
    (None, Result.PERMERROR, "key-missing"),
    ([], Result.PERMERROR, "key-missing"),
    (["v=spf1 -all"], Result.PERMERROR, "key-missing"),
    (["!servfail"], Result.TEMPERROR, "key-unreachable"),
    (["!timeout"], Result.TEMPERROR, "key-unreachable"),
    (["v=DKIM1; p="], Result.PERMERROR, "key-revoked"),
    (["v=DKIM1; p=AAAA"], Result.PERMERROR, "key-unreadable"),
    (["v=DKIM1; p=!!"], Result.PERMERROR, "key-unreadable"),
    ([rsa_record(head="v=DKIM2; ")], Result.PERMERROR, "key-unreadable"),
    ([ed_record()], Result.PERMERROR, "key-type"),
    ([rsa_record(head="v=DKIM1; h=sha1; ")], Result.PERMERROR, "key-forbids"),
    ([rsa_record(head="v=DKIM1; s=tlsrpt; ")], Result.PERMERROR, "key-forbids"),
    ([rsa_record(head="")], Result.PASS, ""),
    ([rsa_record(head="v=DKIM1; h=sha1:sha256; s=other:email; t=y:s; n=note; ")], Result.PASS, ""),
    ([rsa_record(form=PublicFormat.PKCS1)], Result.PASS, ""),
    ([rsa_record() + ";"], Result.PASS, ""),
    ([rsa_record().replace("A", "A ")], Result.PASS, ""),
    ([rsa_record().rstrip("=")], Result.PASS, ""),
    ([rsa_record(), "v=spf1 -all"], Result.PASS, ""),
    ([rsa_record(number=1), rsa_record()], Result.PASS, ""),
]


@pytest.mark.parametrize(("texts", "result", "reason"), KEYS)
def test_what_lies_at_the_selector(texts: list[str] | None, result: Result, reason: str) -> None:
    """Every state of the key has its own name; odd ways to write a good one are read."""
    found = one(sign(SENT), {} if texts is None else {S1: texts})
    assert said(found) == (result, reason)


def test_several_keys_are_told() -> None:
    """Receivers may take either."""
    assert one(sign(SENT), {S1: [rsa_record(number=1), rsa_record()]}).several_keys


def test_a_short_key_is_refused() -> None:
    """RFC 8301 section 3.2: below 1024 bits no signature is valid, be it right."""
    short = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL" + "x" * 84 + "CAwEAAQ=="
    found = one(sign(SENT), {S1: [short]})
    assert said(found)[0] is Result.PERMERROR
    assert said(found)[1] in ("key-short", "key-unreadable")


def test_an_oversized_key_costs_nothing() -> None:
    """Numbers of 40,000 bits are refused by their size."""
    import base64

    number = (1 << 39_999) | 1
    raw = number.to_bytes(5_000, "big")
    integer = b"\x02\x82" + len(raw).to_bytes(2, "big") + raw
    der = b"\x30\x82" + (2 * len(integer)).to_bytes(2, "big") + integer * 2
    start = time.process_time()
    found = one(sign(SENT), {S1: ["v=DKIM1; p=" + base64.b64encode(der).decode()]})
    assert said(found) == (Result.PERMERROR, "key-unreadable")
    assert time.process_time() - start < 1


def test_sub_domains_in_the_identity() -> None:
    """i= may be below d=, unless the key says t=s."""
    signed = sign(SENT, identity="a@news.club.example")
    assert one(signed).passed
    assert said(one(signed, {S1: [rsa_record(head="v=DKIM1; t=s; ")]})) == (Result.PERMERROR, "key-forbids")


def test_a_length_leaves_the_rest_unsigned() -> None:
    """What was appended behind l= is counted, and the signature still holds."""
    found = one(sign(SENT, length=True, canon=("relaxed", "relaxed")) + b"A footer.\r\n")
    assert said(found) == (Result.PASS, "")
    assert found.uncovered == len(b"A footer.\r\n")


def test_a_length_beyond_the_body() -> None:
    signed = sign(SENT, length=True)
    assert said(one(signed[:-40])) == (Result.PERMERROR, "length")


def test_the_clock_is_the_one_given() -> None:
    """A signature is judged at the moment of arrival, not when it is looked at."""
    assert one(sign(SENT), at=NOW - timedelta(days=400)).future
    assert one(sign(SENT), at=NOW - timedelta(days=400)).passed
    assert not one(sign(SENT), at=NOW + timedelta(days=9_000)).future


def test_expired() -> None:
    """x= in the past. dkimpy writes none, so that the field is signed by hand here."""
    signed = _with_expiry(int(NOW.timestamp()) + 60)
    assert one(signed).passed
    assert said(one(signed, at=NOW + timedelta(hours=1))) == (Result.FAIL, "expired")
    assert one(signed).signature.expires == datetime.fromtimestamp(int(NOW.timestamp()) + 60, UTC)


def _with_expiry(moment: int) -> bytes:
    import base64
    import hashlib
    import re

    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    head, _, body = SENT.partition(b"\r\n\r\n")
    hashed = base64.b64encode(hashlib.sha256(body).digest()).decode()
    field = f" v=1; a=rsa-sha256; c=simple; d=club.example; s=s1; x={moment}; h=From; bh={hashed}; b="
    author = re.search(rb"From: .*?\r\n(?=\S)", head, re.DOTALL)
    assert author
    value = rsa_key(2048, 0).sign(author.group() + b"DKIM-Signature:" + field.encode(), PKCS1v15(), SHA256())
    return b"DKIM-Signature:" + field.encode() + base64.b64encode(value) + b"\r\n" + SENT


FIELDS = [
    (b"v=1;", b"v=2;", Fault.VERSION),
    (b"v=1;", b"", Fault.SYNTAX),
    (b"v=1;", b"v=1; v=1;", Fault.SYNTAX),
    (b"v=1;", b"v=1; nonsense;", Fault.SYNTAX),
    (b"a=rsa-sha256", b"a=rsa-sha1", Fault.RETIRED_ALGORITHM),
    (b"a=rsa-sha256", b"a=rsa-md5", Fault.ALGORITHM),
    (b"c=relaxed/simple", b"c=relaxed/nowsp", Fault.CANONICALISATION),
    (b"d=club.example", b"d=club..example", Fault.SYNTAX),
    (b"d=club.example", b"d=example", Fault.SYNTAX),
    (b"i=@club.example", b"i=club.example", Fault.IDENTITY),
    (b"i=@club.example", b"i=@other.example", Fault.IDENTITY),
    (b"i=@club.example", b"i=@evilclub.example", Fault.IDENTITY),
    (b"q=dns/txt", b"q=finger", Fault.QUERY),
    (b"s=s1;", b"s=;", Fault.SYNTAX),
    (b"s=s1;", b"s=s 1\x00;", Fault.SYNTAX),
    (b"t=", b"l=many; t=", Fault.SYNTAX),
    (b"t=", b"x=-5; t=", Fault.SYNTAX),
    (b"bh=", b"bh=!!", Fault.SYNTAX),
    (b"h=from", b"h=frog", Fault.FROM_NOT_SIGNED),
    (b"t=", b"z=" + b" " * 300 + b"; t=", Fault.TOO_LARGE),
    (b"t=", b"z=" + b"a" * 20_000 + b"; t=", Fault.TOO_LARGE),
    (b"h=from", b"h=" + b"a:" * 600 + b"from", Fault.TOO_LARGE),
]


@pytest.mark.parametrize(("old", "new", "fault"), FIELDS)
def test_faults_of_the_field(old: bytes, new: bytes, fault: Fault) -> None:
    """Each is a permanent error with its own name, and no key is asked for."""
    message = retagged(sign(SENT, headers=["from", "to"]), old, new)
    found = run(lambda ev: verify_signatures(read_message(message), ev, at=NOW), {})
    assert said(found.results[0]) == (Result.PERMERROR, fault.value)
    assert found.results[0].reading is None


def test_an_rsa_signature_does_not_pass_for_ed25519() -> None:
    """a= must fit the key: the library alone would go by the key."""
    message = sign(SENT, ed=True).replace(b"a=ed25519-sha256", b"a=rsa-sha256")
    assert said(one(message, {S1: [ed_record()]})) == (Result.PERMERROR, "key-type")


def test_a_signature_of_monstrous_length_is_refused_by_size() -> None:
    """Its arithmetic is not begun."""
    message = retagged(sign(SENT), b" b=", b" b=" + b"A" * 12_000)
    start = time.process_time()
    assert said(one(message)) == (Result.FAIL, "wrong-key")
    assert time.process_time() - start < 1


def test_five_hundred_signatures() -> None:
    """Ten are verified, the others counted."""
    field, _, _ = sign(SENT).partition(b"\r\nFrom:")
    found = verify((field + b"\r\n") * 500 + SENT)
    assert (len(found.results), found.dropped) == (MAX_SIGNATURES, 490)
    assert all(each.passed for each in found.results)


def test_two_signatures_are_judged_apart() -> None:
    """As large providers sign: own domain and customer's; the keys are asked for in one round."""
    message = sign(sign(SENT), domain="provider.example", selector="p", ed=True)
    found = verify(message, {S1: ["!timeout"], "p._domainkey.provider.example": [ed_record()]})
    assert [(each.domain, each.result) for each in found.results] == [
        ("provider.example", Result.PASS),
        ("club.example", Result.TEMPERROR),
    ]


def test_half_a_message_is_not_judged() -> None:
    """If only the beginning was kept, the header can still be tried."""
    signed = sign(SENT)
    found = one(signed[:-200], cut=True)
    assert (found.result, found.reason, found.header_holds, found.body_holds) == (Result.NEUTRAL, Reason.CUT, True, None)
    assert said(one(signed.replace(b"Subject: s", b"Subject: x")[:-200], cut=True)) == (Result.FAIL, "header-changed")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n\r\n",
        b" ",
        b"a",
        b"a ",
        b"a\t \r\n \r\n",
        b"a\r\n" + b"\r\n" * 5000,
        b" \t" * 400_000,
        b"\n" * 400_000 + b"x",
    ],
)
@pytest.mark.parametrize("canon", ["simple", "relaxed"])
def test_odd_bodies(body: bytes, canon: str) -> None:
    """Empty, without a last line end, blank, and long runs that cost the library's patterns quadratic time."""
    message = SENT.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    plain = body.rstrip(b" \t") if canon == "relaxed" and len(body) < 10_000 and not body.endswith(b"\n") else body
    if len(body) < 10_000:
        plain = plain + b"\r\n" if plain and not plain.endswith(b"\r\n") else plain
        assert one(sign(message + plain, canon=("relaxed", canon)).replace(message + plain, b"") + message + body).passed
    else:
        signed = sign(message, canon=("relaxed", canon)) + body
        start = time.process_time()
        one(signed)
        assert time.process_time() - start < 1


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_message_makes_it_fall(data: st.DataObject) -> None:
    """Any bytes cut into a signed message, and any key record, give results."""
    signed = RECEIVED + sign(SENT)
    head = len(signed) - len(SENT) + 300
    at = data.draw(st.integers(0, head))
    junk = data.draw(
        st.binary(max_size=40) | st.sampled_from([b"DKIM-Signature:", b"\r\n", b"\n \n", b";", b"b=", b"h=:", b"\0", b"From:"])
    )
    width = data.draw(st.integers(0, 20))
    record = data.draw(st.sampled_from([rsa_record(), ed_record(), "v=DKIM1; p="]) | st.text(max_size=80))
    found = run(
        lambda ev: verify_signatures(read_message(signed[:at] + junk + signed[at + width :]), ev, at=NOW),
        {S1: [record.replace("!", "?") or "x"]},
    )
    assert len(found.results) <= MAX_SIGNATURES
    assert all(each.reason is not Reason.LIBRARY for each in found.results)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_field_gives_a_result(value: bytes) -> None:
    """Whatever stands in a DKIM-Signature field."""
    message = b"DKIM-Signature:" + value + b"\r\nFrom: a@club.example\r\n\r\nbody\r\n"
    run(lambda ev: verify_signatures(read_message(message), ev, at=NOW), {})


def test_the_test_message_itself_is_signed() -> None:
    """What these tests sign is the message that the program sends."""
    assert LETTER.message_id.encode() in SENT
