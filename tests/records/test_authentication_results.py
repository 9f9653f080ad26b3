"""What receivers say of a message: as the large ones write it, from whom it may be believed, and whether it agrees with ours."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.records import dmarc_result, spf_door
from checks.records.arrived import read_message
from checks.records.authentication_results import MAX_FIELDS, ReceiverResults, ResultsField, parse_results, read_results
from checks.records.dkim_door import SignatureResult, verify_signatures
from checks.records.dmarc_result import Evaluation, Standard
from checks.records.second_opinion import disagreements, match
from tests.records.mail import NOW, RECEIVED, SENT, rsa_record, run, sign

GOOGLE = (
    "mx.google.com;\r\n       dkim=pass header.i=@club.example header.s=s1 header.b=abcd/234;\r\n"
    "       spf=pass (google.com: domain of news@club.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=news@club.example;\r\n"
    "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=club.example"
)
MICROSOFT = (
    "spf=fail (sender IP is 2001:db8::1)\r\n smtp.mailfrom=club.example; dkim=pass (signature was verified)\r\n header.d=club.example;dmarc=pass"
    " action=none header.from=club.example;compauth=pass reason=100"
)
YAHOO = (
    "atlas.omega.yahoo.com;\r\n dkim=pass header.i=@club.example header.s=s1;\r\n spf=softfail smtp.mailfrom=club.example;\r\n"
    " dmarc=pass(p=REJECT) header.from=club.example;"
)


def brief(found: ResultsField) -> list[tuple[str, str, str]]:
    return [(one.method, one.result, one.domain) for one in found.results]


@pytest.mark.parametrize(
    ("text", "name", "results"),
    [
        (GOOGLE, "mx.google.com", [("dkim", "pass", "club.example"), ("spf", "pass", "club.example"), ("dmarc", "pass", "club.example")]),
        (
            MICROSOFT,
            "",
            [("spf", "fail", "club.example"), ("dkim", "pass", "club.example"), ("dmarc", "pass", "club.example"), ("compauth", "pass", "")],
        ),
        (YAHOO, "atlas.omega.yahoo.com", [("dkim", "pass", "club.example"), ("spf", "softfail", "club.example"), ("dmarc", "pass", "club.example")]),
        ("MX.Mail.Example 1; none", "mx.mail.example", []),
        ("mx.mail.example", "mx.mail.example", []),
        ("mx.mail.example (our filter); SPF = Pass smtp.mailfrom=a@b.example", "mx.mail.example", [("spf", "pass", "b.example")]),
        ('mx; dkim=pass header.i="@b.example" header.s=x', "mx", [("dkim", "pass", "b.example")]),
        ("mx; dkim/1=pass header.d=b.example", "mx", [("dkim", "pass", "b.example")]),
        ("", "", []),
        (";;;", "", []),
    ],
)  # fmt: skip
def test_as_receivers_write_it(text: str, name: str, results: list[tuple[str, str, str]]) -> None:
    """Names, results and domains of the large receivers' fields, and of odd ones that mean the same."""
    (field,) = read_message(f"Authentication-Results: {text}\r\n\r\n".encode()).fields
    found = parse_results(field.text)
    assert (found.name, brief(found), found.unread) == (name, results, ())


def test_one_unreadable_piece_costs_no_other() -> None:
    """An IPv6 address, an unknown property type, words between; what cannot be read is kept aside."""
    found = parse_results(
        'mx; iprev=pass policy.iprev=2001:db8::1 (h.example); dkim; ((; auth=pass smtp.auth="a b"@x x-tls.v="1 3" strange; spf=pass'
    )
    assert [(one.method, one.properties) for one in found.results] == [("iprev", (("policy.iprev", "2001:db8::1"),))]
    found = parse_results('mx; dkim; auth=pass smtp.auth="a b"@x x-tls.v="1 3" strange reason="a; (b" ; spf=pass')
    assert [(one.method, one.properties) for one in found.results] == [
        ("auth", (("smtp.auth", "a b@x"), ("x-tls.v", "1 3"))),
        ("spf", ()),
    ]
    assert found.results[0].reason == "a; (b"
    assert found.unread == ("dkim",)


def results(*fields: str, trusted: list[str], boundary: int | None = None) -> ReceiverResults:
    raw = "".join(f"{one}\r\n" for one in fields) + "\r\n"
    return read_results(read_message(raw.encode()), trusted=trusted, boundary=boundary)


def test_only_the_receivers_own_is_believed() -> None:
    """Others are listed, so that a person can say which name is the receiver's."""
    found = results(
        f"Authentication-Results: {GOOGLE}",
        "Authentication-Results: mx.evil.example; dkim=pass header.d=bank.example",
        "ARC-Authentication-Results: i=1; mx.google.com; dkim=pass header.d=bank.example",
        trusted=["google.com"],
    )
    assert [one.domain for one in found.dkim] == ["club.example"]
    assert [one.name for one in found.ignored] == ["mx.evil.example"]
    assert (found.names, found.arc, found.client_address) == (("mx.google.com", "mx.evil.example"), 1, "192.0.2.1")
    assert found.spf is not None
    assert found.dmarc is not None
    assert found.dmarc.comments == ("p=REJECT sp=REJECT dis=NONE",)


def test_a_name_that_only_ends_alike_is_not_trusted() -> None:
    assert not results("Authentication-Results: mx.evilgoogle.com; spf=pass", trusted=["google.com"]).trusted
    assert not results(f"Authentication-Results: {MICROSOFT}", trusted=["google.com"]).trusted


def test_microsoft_writes_no_name() -> None:
    found = results(f"Authentication-Results: {MICROSOFT}", trusted=[""])
    assert len(found.trusted) == 1
    assert found.client_address == "2001:db8::1"


def test_what_the_sender_wrote_is_not_believed() -> None:
    """Below the sender's last Received field everything is the sender's, also under the receiver's name."""
    fields = (
        "Authentication-Results: mx.mail.example; spf=fail",
        "Received: from a by mx.mail.example; x",
        "Authentication-Results: mx.mail.example; dkim=fail",  # a filter puts its field under the first
        "Received: from b by out.club.example; x",
        "Authentication-Results: mx.mail.example; dmarc=pass",
    )
    found = results(*fields, trusted=["mx.mail.example"], boundary=1)
    assert [brief(one)[0][:2] for one in found.trusted] == [("spf", "fail"), ("dkim", "fail")]
    assert len(found.ignored) == 1


@pytest.mark.parametrize(
    "mark", ["From: a@club.example", "DATE: x", "Message-ID: <a@b.example>", "List-Id: x", "DKIM-Signature: v=1"]
)
def test_what_stands_under_an_authors_field_is_not_believed(mark: str) -> None:
    """A sender without a Received field of its own cannot speak in the receiver's name from inside the letter."""
    fields = (
        "Received: from a by mx.mail.example; x",
        "Received-SPF: pass",
        "Authentication-Results: mx.mail.example; spf=fail",
        "X-Filter: clean",
        "Authentication-Results: mx.mail.example; dkim=fail",
        mark,
        "Authentication-Results: mx.mail.example; dmarc=pass",
    )
    for boundary in (0, None):
        found = results(*fields, trusted=["mx.mail.example"], boundary=boundary)
        assert [brief(one)[0][:2] for one in found.trusted] == [("spf", "fail"), ("dkim", "fail")]


def test_a_receiver_that_signs_is_believed_above_its_trace() -> None:
    """Above the hop at which the message came in, no sender writes; a forwarder's own signature there ends nothing."""
    fields = (
        "DKIM-Signature: v=1",
        "Authentication-Results: mx.mail.example; spf=pass",
        "Received: from a by mx.mail.example; x",
    )
    assert results(*fields, trusted=["mx.mail.example"], boundary=2).spf is not None


def test_many_fields() -> None:
    found = results(*["Authentication-Results: a; spf=pass"] * 100, trusted=["a"])
    assert (len(found.trusted), found.dropped) == (MAX_FIELDS, 80)


def signature(*, broken: bool = False) -> SignatureResult:
    message = RECEIVED + sign(SENT)
    message = message.replace(b"This is", b"This was") if broken else message
    texts = {"s1._domainkey.club.example": [rsa_record()]}
    return run(lambda ev: verify_signatures(read_message(message), ev, at=NOW), texts).results[0]


def said(text: str) -> ReceiverResults:
    return results(f"Authentication-Results: mx; {text}", trusted=["mx"])


def test_a_signature_is_found_again() -> None:
    """By the beginning of its value, else by selector, else by domain."""
    one = signature()
    value = base64.b64encode(one.signature.value).decode()
    for text, found in (
        (f"dkim=pass header.b={value[:8]}", True),
        ("dkim=pass header.b=AAAAAAAA header.d=other.example", False),
        ("dkim=pass header.d=club.example header.s=s1", True),
        ("dkim=pass header.d=club.example header.s=s2", False),
        ("dkim=pass header.i=@club.example", True),
        ("dkim=pass", False),
    ):
        assert (match(said(text).dkim, one) is not None) is found


SPF = spf_door.SpfResult(result=spf_door.Result.PASS)
DMARC = dmarc_result.DmarcResult(
    author="club.example",
    rfc9989=Evaluation(standard=Standard.RFC_9989, result=dmarc_result.Result.PASS),
    rfc7489=Evaluation(standard=Standard.RFC_7489, result=dmarc_result.Result.FAIL),
    spf=None,
    dkim=(),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spf=pass; dkim=pass header.d=club.example; dmarc=pass", []),
        ("spf=pass; dmarc=fail", []),  # as by the older standard
        ("none", []),
        ("spf=temperror; dkim=temperror header.d=club.example; dmarc=temperror", []),
        ("dkim=fail header.d=provider.example", []),
        ("spf=softfail smtp.mailfrom=club.example", [("spf", "pass", "softfail")]),
        ("spf=hardfail smtp.mailfrom=club.example", [("spf", "pass", "hardfail")]),
        ("dkim=fail header.d=club.example", [("dkim", "pass", "fail")]),
        ("dkim=neutral header.i=@club.example", [("dkim", "pass", "neutral")]),
        ("dkim=none", [("dkim", "pass", "none")]),
        ("dmarc=none header.from=club.example", [("dmarc", "pass", "none")]),
    ],
)
def test_where_the_receiver_found_otherwise(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = disagreements(said(text), spf=SPF, signatures=[signature()], dmarc=DMARC)
    assert [(one.method, one.ours, one.theirs) for one in found] == expected


def test_words_for_a_broken_signature_do_not_matter() -> None:
    """Receivers say fail, permerror, neutral or policy."""
    for word in ("fail", "permerror", "neutral", "policy"):
        assert disagreements(said(f"dkim={word} header.d=club.example"), signatures=[signature(broken=True)]) == ()
    assert disagreements(said("dkim=pass header.d=club.example"), signatures=[signature(broken=True)])


@pytest.mark.parametrize("piece", ["(", '"', ";", "a=b ", "a=b;", "\\", "x.y=z ", "=", "(a)"])
def test_hostile_fields_cost_little(piece: str) -> None:
    start = time.process_time()
    results("Authentication-Results: a; spf=pass " + piece * 15_000, trusted=["a"])
    assert time.process_time() - start < 1


WORDS = st.sampled_from(
    ["mx", ";", "dkim=pass", "spf", "=", "(", ")", '"', "header.d=", "a@b.example", "reason=", "none", "1", "/", ".", "x.y", "\\"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.text(max_size=5), max_size=30).map(" ".join))
def test_any_field_is_read(text: str) -> None:
    """Nothing raises, and the use of what was read does not either."""
    field = parse_results(text)
    everything = ReceiverResults(trusted=(field,), ignored=())
    assert all(one.method and one.result and one.domain is not None for one in field.results)
    assert everything.client_address is not None
    disagreements(everything, spf=SPF, dmarc=DMARC)
