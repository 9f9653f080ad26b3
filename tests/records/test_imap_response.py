"""Octets of an IMAP server -> responses -> what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.probes import MailFolder
from checks.records.imap_meaning import capabilities, fetched, folder_name, found, internal_date, is_junk_name, listed
from checks.records.imap_response import (
    MAX_DEPTH,
    MAX_LINE,
    SMALL_LITERAL,
    ImapProblem,
    Response,
    ResponseParser,
    Status,
    tokens,
)


def parsed(octets: bytes, *, limit: int = SMALL_LITERAL) -> list[Response | ImapProblem]:
    parser = ResponseParser()
    parser.literal_limit = limit
    parser.feed(octets)
    taken = []
    while (one := parser.take()) is not None:
        taken.append(one)
        if isinstance(one, ImapProblem):
            break
    return taken


def only(octets: bytes, *, limit: int = SMALL_LITERAL) -> Response:
    [one] = parsed(octets, limit=limit)
    assert isinstance(one, Response), one
    return one


def problem(octets: bytes) -> ImapProblem:
    one = parsed(octets)[-1]
    assert isinstance(one, ImapProblem), one
    return one


# --- lines, literals, bounds ----------------------------------------------------------------------------------------------


def test_lines_and_literals() -> None:
    """A literal's octets are whatever they are; the response goes on behind them."""
    one = only(b"* 1 FETCH (BODY[] {9}\r\na)\r\n\xff{3}\r UID 7)\r\n")
    assert (one.tag, one.parts) == ("*", ("1 FETCH (BODY[] ", b"a)\r\n\xff{3}\r", " UID 7)"))
    assert one.shown == "* 1 FETCH (BODY[] [literal, 9 octets] UID 7)"


def test_a_bare_line_feed_ends_a_line() -> None:
    assert [one.tag for one in parsed(b"* OK hi\nA1 OK done\n") if isinstance(one, Response)] == ["*", "A1"]


@pytest.mark.parametrize(
    "octets", [b"* OK welcome {5}\r\n", b"A1 NO [ALERT] use {12}\r\n", b"+ go {3}\r\n", b"* BYE {99999999}\r\n"]
)
def test_words_for_people_announce_no_literal(octets: bytes) -> None:
    """Only data responses hold literals; a sentence may end in braces."""
    assert len(only(octets).parts) == 1


def test_an_empty_literal() -> None:
    assert only(b'* LIST () "/" {0}\r\n\r\n').parts == ('LIST () "/" ', b"", "")


def test_one_limit_for_all_literals_of_a_response() -> None:
    """Many pieces are no way around it; the next response begins anew."""
    half = b"{2048}\r\n" + b"a" * 2048
    assert len(only(b"* X " + half + b" " + half + b"\r\n").parts) == 5
    again = problem(b"* X " + half + b"\r\n* X " + half + b" " + half + b" {1}\r\n")
    assert (again.too_long, again.text) == (True, "the server announces 4097 octets where at most 4096 are expected")


@pytest.mark.parametrize(
    ("octets", "too_long"),
    [
        (b"* FETCH {4097}\r\n", True),
        (b"* FETCH {99999999999999999999}\r\n", True),
        (b"x" * (MAX_LINE + 2), True),
        (b"* " + b"{1}\r\na" * 40 + b"\r\n", True),
        (b"\r\n", False),
        (b"220 mx ESMTP\r\n\x00\x01\r\n", False),
        (b"*\r\n", False),
    ],
)
def test_what_is_no_response_is_a_problem(octets: bytes, *, too_long: bool) -> None:
    """Nothing that is announced is waited for beyond the bounds."""
    assert problem(octets).too_long is too_long


@given(
    st.binary(max_size=400)
    | st.lists(st.sampled_from([b"* ", b"OK", b"{3}\r\n", b"abc", b"(", b'"', b"\r\n", b" FETCH ", b"NIL"])).map(b"".join)
)
def test_any_octets_in_any_pieces(octets: bytes) -> None:
    """Total, and the same however the octets are cut."""
    whole = parsed(octets)
    parser = ResponseParser()
    taken: list[Response | ImapProblem] = []
    for number in range(len(octets)):
        parser.feed(octets[number : number + 1])
        while (one := parser.take()) is not None:
            taken.append(one)
            if isinstance(one, ImapProblem):
                break
        if taken and isinstance(taken[-1], ImapProblem):
            break
    assert taken == whole
    for one in whole:
        if isinstance(one, Response):
            for read in (tokens, listed, found, fetched, capabilities):
                read(one)


# --- status -----------------------------------------------------------------------------------------------------------


def test_status() -> None:
    """Kind, code and words apart."""
    assert only(b"A1 no [AUTHENTICATIONFAILED] Authentication failed.\r\n").status == Status(
        kind="NO", code="AUTHENTICATIONFAILED", details="", text="Authentication failed."
    )
    assert only(b"* OK\r\n").status == Status(kind="OK", code="", details="", text="")
    assert only(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n").status == Status(
        kind="OK", code="CAPABILITY", details="IMAP4rev1 IDLE", text="ready"
    )
    assert only(b"* 3 EXISTS\r\n").status is None
    assert only(b"* OKAY\r\n").status is None


def test_capabilities() -> None:
    assert capabilities(only(b"* CAPABILITY IMAP4rev1 auth=PLAIN\r\n")) == ("IMAP4REV1", "AUTH=PLAIN")
    assert capabilities(only(b"A1 OK [CAPABILITY IMAP4rev1 UNSELECT] in\r\n")) == ("IMAP4REV1", "UNSELECT")
    assert capabilities(only(b"A1 OK in\r\n")) is None


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_tokens() -> None:
    """Atoms, strings of both kinds, lists and NIL; a section in brackets belongs to its atom."""
    assert tokens(only(b'* X ("a\\"b" NIL (\\Seen $Junk)) BODY[HEADER.FIELDS (TO CC)]<0> {2}\r\n\xff) 7\r\n')) == [
        "X",
        [b'a"b', None, ["\\Seen", "$Junk"]],
        "BODY[HEADER.FIELDS (TO CC)]<0>",
        b"\xff)",
        "7",
    ]


@pytest.mark.parametrize("text", [b"* X (a", b"* X a)", b'* X "a', b"* X " + b"(" * (MAX_DEPTH + 2)])
def test_broken_tokens_are_a_problem(text: bytes) -> None:
    assert isinstance(tokens(only(text + b"\r\n")), ImapProblem)


# --- folders ----------------------------------------------------------------------------------------------------------


def folder(octets: bytes) -> MailFolder:
    one = listed(only(octets))
    assert one is not None
    assert not isinstance(one, ImapProblem)
    return one.folder


def test_the_servers_word_on_junk_counts_whatever_the_name() -> None:
    r"""\Junk of RFC 6154, \Spam of the older XLIST."""
    assert folder(b'* LIST (\\HasNoChildren \\Junk) "/" "Kram"\r\n') == MailFolder(name="Kram", special_use="\\Junk", junk=True)
    assert folder(b'* XLIST (\\Spam) "/" "[Gmail]/Kram"\r\n') == MailFolder(name="[Gmail]/Kram", special_use="\\Junk", junk=True)
    assert folder(b'* LIST (\\Sent) "/" "Spam"\r\n') == MailFolder(name="Spam", special_use="\\Sent", junk=False)


@pytest.mark.parametrize(
    "wire",
    [b'"Spam"', b"Spam", b'"INBOX.Spam"', b'"INBOX.Junk E-Mail"', b'"Junk-E-Mail"', b'"INBOX.Courrier ind&AOk-sirable"', b"{4}\r\nJunk",
     b'"INBOX.Unerw&APw-nscht"', b'"INBOX.Posta indesiderata"'],
)  # fmt: skip
def test_usual_names_of_junk(wire: bytes) -> None:
    """Where the server does not say, the last part of the name does, in several languages."""
    assert folder(b'* LIST () "." ' + wire + b"\r\n").junk


@pytest.mark.parametrize("name", ["INBOX", "Sent", "Spam-Archive 2019", "Not Junk", "", "Notspam"])
def test_other_names_are_not_junk(name: str) -> None:
    assert not is_junk_name(name)


def test_folders_that_cannot_be_opened_are_passed_over() -> None:
    assert listed(only(b'* LIST (\\Noselect) "/" "Spam"\r\n')) is None
    assert listed(only(b'* LIST (\\NonExistent \\Junk) "/" "Spam"\r\n')) is None
    assert listed(only(b'* LIST () "/" "Sp\xc3\xa4m"\r\n')) is None
    assert listed(only(b"* LIST () NIL {5}\r\na\r\nb \r\n")) is None


@pytest.mark.parametrize(
    "octets",
    [b"* LIST nonsense\r\n", b"* LIST () NIL\r\n", b"* LIST (a (b\r\n", b"* LIST () () ()\r\n", b"* LIST () NIL NIL\r\n"],
)
def test_broken_lists(octets: bytes) -> None:
    assert isinstance(listed(only(octets)), ImapProblem)


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("ind&AOk-sirable", "indésirable"),
        ("&-", "&"),
        ("&ZeVnLIqe-", "日本語"),
        ("&!!-", "&!!-"),
        ("&AO-", "&AO-"),
        ("&2AA-", "&2AA-"),
        ("&", "&"),
    ],
)
def test_modified_utf7(wire: str, name: str) -> None:
    """RFC 3501 section 5.1.3; what is none stays as it is."""
    assert folder_name(wire) == name


@given(st.text(max_size=50))
def test_any_name(text: str) -> None:
    folder_name(text)
    is_junk_name(text)


# --- searching and fetching ----------------------------------------------------------------------------------------------


def test_search() -> None:
    assert found(only(b"* SEARCH 4 12\r\n")) == (4, 12)
    assert found(only(b"* SEARCH\r\n")) == ()
    assert found(only(b"* SEARCH 4 (MODSEQ 9)\r\n")) == (4,)
    assert found(only(b"* 4 EXISTS\r\n")) is None
    assert isinstance(found(only(b"* SEARCH 1:*\r\n")), ImapProblem)
    assert isinstance(found(only(b"* SEARCH 0\r\n")), ImapProblem)
    assert isinstance(found(only(b"* SEARCH 4294967296\r\n")), ImapProblem)


def test_fetch() -> None:
    """All items in any order; what is not understood is passed over."""
    one = fetched(
        only(
            b'* 12 FETCH (FLAGS (\\Seen $Junk) UID 5 X (a b) INTERNALDATE " 7-Nov-2026 10:00:00 +0100" RFC822.SIZE 3 body[]<0> {3}\r\na\r\n)\r\n'
        )
    )
    assert one is not None
    assert not isinstance(one, ImapProblem)
    assert (one.uid, one.size, one.flags, one.internal_date, one.raw) == (
        5,
        3,
        ("\\Seen", "$Junk"),
        "2026-11-07T09:00:00+00:00",
        b"a\r\n",
    )
    assert isinstance(fetched(only(b"* 12 FETCH (UID)\r\n")), ImapProblem)
    assert fetched(only(b"* 12 EXPUNGE\r\n")) is None


@pytest.mark.parametrize(
    "text",
    ["", "31-Feb-2026 10:00:00 +0000", "01-Xyz-2026 10:00:00 +0000", "01-Jan-0001 00:00:00 +1400", "01-Jan-2026 10:00:00 +9999"],
)
def test_dates_that_are_none(text: str) -> None:
    assert internal_date(text) == ""
