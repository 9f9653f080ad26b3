"""What a server repeats of a password is kept in no shape; what it says otherwise is kept word for word."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import from_json, to_json
from checks.gather.smtp_redact import LEFT_OUT, TOO_MUCH, Redactor
from checks.gather.smtp_views import readings, unescaped
from checks.probes import KINDS, Reply, Stage
from checks.records.smtp_reply import MAX_LINES, make_reply
from checks.secret import LeakGuard, Secret
from checks.tables.replies import causes, classify
from tests.fakes.imap_server import Box, ImapScript
from tests.fakes.imap_world import MESSAGE, look
from tests.fakes.imap_world import World as ImapWorld
from tests.fakes.smtp_server import Peer
from tests.fakes.smtp_world import QUICK, World, good, probe, submit, transcript
from tests.gather.test_smtp_login import server

USER, HOST = "office@club.example", "mx.club.example"
RANDOM, GOOGLE, MIXED = "Xk9vQ2mLrT7wZ", "abcd efgh ijkl mnop", "pä\"'CANARY7Q<ü>& %41\\ß"
CYRILLIC = "Синяя-Птица-88"


def told(password: str) -> Redactor:
    """Return a redactor of a conversation in which this password is on the wire."""
    redact = Redactor(LeakGuard())
    redact.learn(Secret(password), USER, HOST)
    redact.learn_line(base64.b64encode(f"\0{USER}\0{password}".encode()).decode())
    return redact


def latin(text: str) -> str:
    return text.encode().decode("latin-1")


def bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def groups(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


PIECES: dict[str, Callable[[str], list[str]]] = {
    f"{what}, {size} by {size}{how}": (
        lambda text, size=size, join=join, make=make: join(groups(make(text), size))  # type: ignore[misc]
    )
    for what, make in {
        "as it is": lambda text: text,
        "backwards": lambda text: text[::-1],
        "rot13": lambda text: codecs.encode(text, "rot13"),
        "base64": lambda text: b64(text.encode()),
        "base64 of UTF-16": lambda text: b64(text.encode("utf-16-le")),
        "base64 of base64": lambda text: b64(b64(text.encode()).encode()),
        "base32": lambda text: base64.b32encode(text.encode()).decode(),
        "hex": lambda text: text.encode().hex(),
    }.items()
    for size in (1, 2, 3, 4, 5, 6)
    for how, join in {" in lines": list, " with spaces": lambda parts: [" ".join(parts)], " with hyphens": lambda parts: ["-".join(parts)]}.items()
}  # fmt: skip


@pytest.mark.parametrize("password", [RANDOM, GOOGLE, MIXED])
@pytest.mark.parametrize("name", PIECES)
def test_pieces_of_a_password_are_not_kept(name: str, password: str) -> None:
    """However small the pieces are and whatever stands between them, in a reply and in the transcript."""
    lines = [latin(one) for one in PIECES[name](password)][:MAX_LINES]
    reply = told(password).reply(make_reply(535, [f"5.7.8 {line}" for line in lines]))
    assert (reply.code, reply.enhanced) == (535, "5.7.8")
    told_again = told(password).lines([f"535-5.7.8 {line}" for line in lines])
    payload = bare("".join(lines))
    for kept in (bare(reply.text), bare("".join(told_again))):
        rest = kept.replace("535578", "").replace(bare(LEFT_OUT), "").replace("secret", "")
        assert not any(payload[start : start + 6] in rest for start in range(len(payload) - 5)), kept


def uu(text: str) -> str:
    return "\n".join(
        binascii.b2a_uu(part).decode().strip() for part in (text.encode()[start : start + 45] for start in (0, 45)) if part
    )


WHOLE: dict[str, Callable[[str], str]] = {
    "numeric entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hex entities": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "\\u": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "\\x": lambda text: "".join(f"\\x{octet:02x}" for octet in text.encode()),
    "U+": lambda text: " ".join(f"U+{ord(char):04X}" for char in text),
    "0x with spaces": lambda text: " ".join(f"0x{octet:02x}" for octet in text.encode()),
    "0x with commas": lambda text: ", ".join(f"0x{octet:02X}" for octet in text.encode()),
    "octal escapes": lambda text: "".join(f"\\{octet:03o}" for octet in text.encode()),
    "octal": lambda text: " ".join(f"{octet:o}" for octet in text.encode()),
    "decimal": lambda text: " ".join(str(octet) for octet in text.encode()),
    "binary": lambda text: " ".join(f"{octet:08b}" for octet in text.encode()),
    "hex apart": lambda text: text.encode().hex(" "),
    "hex backwards": lambda text: text[::-1].encode().hex(),
    "percent": lambda text: "".join(f"%{octet:02X}" for octet in text.encode()),
    "percent of percent": lambda text: "".join(f"%25{octet:02X}" for octet in text.encode()),
    "rot47": lambda text: "".join(chr(33 + (ord(char) + 14) % 94) if char != " " else char for char in text),
    "base85": lambda text: base64.b85encode(text.encode()).decode(),
    "quoted-printable": lambda text: "".join(f"={octet:02X}" for octet in text.encode()),
    "percent of base64": lambda text: "".join(f"%{octet:02X}" for octet in b64(text.encode()).encode()),
    "base64 of hex": lambda text: b64(text.encode().hex().encode()),
    "base64 behind words": lambda text: f"bad one {b64(b'so: ' + text.encode())}",
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 of each word": lambda text: " ".join(b64(part.encode()) for part in groups(text, 4)),
    "base64 backwards": lambda text: b64(text[::-1].encode()),
    "base64 of UTF-16, big-endian": lambda text: b64(text.encode("utf-16-be")),
    "base64 of UTF-16 with a mark": lambda text: b64(text.encode("utf-16")),
    "base32 in small letters": lambda text: base64.b32encode(text.encode()).decode().lower(),
    "uuencode": uu,
    "full width": lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text),
    "capitals": str.upper,
    "without spaces": lambda text: text.replace(" ", ""),
    "with labels": lambda text: " ".join(f"part {number}: {part}" for number, part in enumerate(groups(text, 4))),
    "with labels, in disorder": lambda text: " ".join(f"({number}) {part}" for number, part in reversed(list(enumerate(groups(text, 4))))),
}  # fmt: skip


@pytest.mark.parametrize("password", [RANDOM, GOOGLE])
@pytest.mark.parametrize("name", WHOLE)
def test_no_encoding_of_a_password_is_kept(name: str, password: str) -> None:
    """The whole in any alphabet; codes and meaning stay."""
    shown = WHOLE[name](password)
    kept = told(password).reply(make_reply(535, [f"5.7.8 bad login {line}" for line in latin(shown).split("\n")]))
    assert str(kept) == f"535 5.7.8 {LEFT_OUT}" or "[secret]" in kept.text
    assert (bare(shown)[-8:] or shown[-8:]) not in bare(kept.text)


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_a_password_in_other_letters(size: int) -> None:
    """Not every password has letters from a to z."""
    parts = [latin(part) for part in groups(CYRILLIC, size)]
    kept = told(CYRILLIC).reply(Reply(code=535, lines=tuple(parts)))
    assert kept.lines == (LEFT_OUT,) or kept.lines[:2] == ("[secret]", "[secret]")
    encoded = b64(CYRILLIC.encode())
    assert told(CYRILLIC)(" ".join(groups(encoded, 4))) == LEFT_OUT


def test_pieces_in_one_reply_after_the_other() -> None:
    """What earlier replies told counts: what would complete the password is not kept."""
    redact = told(RANDOM)
    kept = [str(redact.reply(Reply(code=250, lines=(f"ok {part}",)))) for part in groups(RANDOM, 5)]
    assert kept == ["250 ok Xk9vQ", f"250 {LEFT_OUT}", f"250 {LEFT_OUT}"]
    assert str(redact.reply(Reply(code=221, lines=("2.0.0 bye",)))) == "221 2.0.0 bye"


@pytest.mark.parametrize(("password", "said"), [("ab!1c", "it is ab 1c"), ("q7z4", "q7 z4"), ("q7z4", b64(b"--q7z4--"))])
def test_a_short_password_as_whole_words(password: str, said: str) -> None:
    kept = told(password)(said)
    assert kept == LEFT_OUT or "[secret]" in kept


@pytest.mark.parametrize(("password", "said"), [("noto", "this is not ok"), ("test", "the latest estimate"), ("q7z4", "aq7 z4b")])
def test_a_short_password_by_chance(password: str, said: str) -> None:
    assert told(password)(said) == said


def test_before_the_password_is_on_the_wire_nobody_can_repeat_it() -> None:
    redact = Redactor(LeakGuard())
    redact.learn(Secret(GOOGLE), USER, HOST)
    assert redact("abcd efgh and ijkl") == "abcd efgh and ijkl"


def test_another_conversation_of_the_run_may_hear_it() -> None:
    """The server knows the password from the login on, and greets the next connection with it, or is the mailbox's server too."""
    guard = LeakGuard()
    first, second = Redactor(guard), Redactor(guard)
    assert second("Xk9v Q2mL rT7w") == "Xk9v Q2mL rT7w"
    first.learn(Secret(RANDOM), USER, HOST)
    first.learn_line(b64(f"\0{USER}\0{RANDOM}".encode()))
    for one in (second, Redactor(guard)):
        assert one.lines(["220-Xk9v Q2", "220 mL rT7w"]) == [f"220 {LEFT_OUT}"]
        assert one("ESMTP mx.club.example") == "ESMTP mx.club.example"
        assert str(one.reply(Reply(code=250, lines=("Xk9vQ2mLrT7wZ is it",)))) == "250 [secret] is it"


def test_a_code_may_be_a_piece_too() -> None:
    """The enhanced code is kept unless it is one."""
    assert str(told("5717817").reply(make_reply(535, ["5.717.817 no"]))) == f"535 {LEFT_OUT}"


# --- what is kept ----------------------------------------------------------------------------------------------------------

WEAK = (
    "password", "Password2024!", "Disabled1-for-the-club", "message", "authentication", "test", "true", "97531", "mail", "Accepted!", "golf-club",
    "welcome2024", "sendready", "correct horse battery staple", "office@club.example", HOST, "Summer2026", "Username and Tea",
    RANDOM, GOOGLE, MIXED, CYRILLIC,
)  # fmt: skip
ORDINARY = (
    "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials a640c23a62f3a-gsmtp",
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [FR4P281CA0001.DEUP281.PROD.OUTLOOK.COM 2026-11-23T09:00:00.000Z 08DC0A1B2C3D4E5F]",
    "535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6",
    "535 5.7.3 Authentication unsuccessful",
    "250 2.0.0 Ok: queued as 4cX9Qz1n7Tz2Bvq",
    "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 5D1A72B",
    "250 2.6.0 <b1946ac92492d2347c6235b4d2611184@mx.club.example> [InternalId=123456789012, Hostname=AM0PR02MB1234.eurprd02.prod.outlook.com] 8123 bytes in 0.123, 64.321 KB/sec Queued mail for delivery",
    "450 4.2.0 <reader@friends.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/friends.example.html",
    "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org",
    "221 2.0.0 Bye",
)  # fmt: skip


@pytest.mark.parametrize("password", WEAK)
@pytest.mark.parametrize("said", ORDINARY)
def test_an_ordinary_reply_is_kept_word_for_word(said: str, password: str) -> None:
    """A password made of the words of replies, or of none, takes nothing out of them: it would tell the password, and hide the cause."""
    code, _, rest = said.partition(" ")
    reply = make_reply(int(code), [rest])
    redact = told(password)
    assert redact.lines([said]) == [said]
    assert redact.reply(reply) == reply


@pytest.mark.parametrize("password", WEAK)
def test_no_word_of_the_table_is_taken_out(password: str) -> None:
    """Every row of the table of replies is still found."""
    for row in causes():
        for words in row.fragments:
            assert told(password)(f"sorry, {words}, bye") == f"sorry, {words}, bye"


@pytest.mark.parametrize("said", ["abcd efgh, ijkl", "the whole: abcd efgh ijkl mnop"])
def test_the_meaning_is_kept_where_the_words_are_not(said: str) -> None:
    """The cause is that of the reply as it came, also out of the evidence file."""
    words = f"Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. {said}"
    came = Reply(code=535, enhanced="5.7.139", lines=(words,))
    kept = told(GOOGLE).reply(came)
    assert said not in kept.text
    assert classify(kept, stage=Stage.AUTH) == classify(came, stage=Stage.AUTH)
    assert (classify(kept, stage=Stage.AUTH) or causes()[0]).id == "microsoft.smtp-auth-off-tenant"
    reading, _ = submit(
        server(password="x", replies={"AUTH": f"535 5.7.139 {words}"}), world=World(password=GOOGLE, timeouts=QUICK)
    )
    assert reading.auth == kept
    assert from_json(to_json({probe(): reading}, about={}), KINDS)[0] == {probe(): reading}


def test_what_stands_in_place_of_a_reply_means_nothing() -> None:
    """The sentence of ours is no refusal of the server's."""
    assert not any(words in LEFT_OUT for row in causes() for words in row.fragments)
    assert classify(Reply(code=599, lines=(LEFT_OUT,))) is None


# --- in conversations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["AUTH", "MAIL", "RCPT", "QUIT"])
def test_a_reply_of_several_lines_at_any_stage(where: str) -> None:
    code = "535-5.7.8" if where == "AUTH" else "250-2.1.0"
    lines = [f"{code} {part}" for part in groups(RANDOM, 3)]
    said = "\r\n".join([*lines, f"{code[:3]} {code[4:]} so"])
    world, ends_early = World(password=RANDOM, timeouts=QUICK), {"mail_from": ""} if where == "QUIT" else {}
    reading, _ = submit(server(password=RANDOM, replies={where: said}), world=world, **ends_early)
    assert "vQ2" not in repr(reading)
    assert f"S: {code.replace('-', ' ')} {LEFT_OUT}" in transcript(reading)


def test_a_mailbox_that_takes_the_password_to_pieces() -> None:
    class Echo(ImapScript):
        async def _judge(self, peer: Peer, tag: str, right: bool, verb: str) -> None:
            await peer.send(f"{tag} NO [AUTHENTICATIONFAILED] silver - orchar - d\r\n")

    reading, _ = look(Echo(boxes={"INBOX": Box()}, context=good().context()))
    assert "orchar" not in repr(reading)
    assert reading.reply == f"NO [AUTHENTICATIONFAILED] {LEFT_OUT}"
    assert reading.transcript[-3].text == f"S002 NO {LEFT_OUT}" or any(
        line.text.endswith(f"NO {LEFT_OUT}") for line in reading.transcript
    )


@pytest.mark.parametrize(
    "password", ["test", "Message1", "sendready", "received", "content-1", "quoted-printable", "silver orchard", "golf"]
)
def test_a_clean_message_is_left_alone(password: str) -> None:
    """Pieces of a password, and passwords that are ordinary words, stand in every message."""
    script = ImapScript(boxes={"INBOX": Box(messages=[MESSAGE])}, context=good().context(), password=password)
    reading, _ = look(script, world=ImapWorld(password=password))
    assert (reading.found, reading.masked, reading.raw) == (True, False, MESSAGE.decode("latin-1"))


# --- bounds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filler", ["Xk9v ", "0x58 ", "V0dzNWRsRXliVXh5 ", "&#88;", "=58", "a-", "\\u0058", "88 "])
def test_a_large_reply_is_looked_through_in_time(filler: str) -> None:
    """64 KB of whatever costs most."""
    text = (filler * (65_536 // len(filler)))[:65_000]
    redact = told("a long passphrase with some forty characters!")
    began = time.monotonic()
    redact(text)
    assert time.monotonic() - began < 2


def test_a_flood_is_not_looked_through_without_end() -> None:
    """What comes after some hundred thousand characters is not kept; the codes are."""
    redact = told(RANDOM)
    said = Reply(code=250, enhanced="2.1.0", lines=("ok " * 1_000,) * 20)
    kept = [redact.reply(said) for _ in range(9)]
    assert kept[0] == said
    assert str(kept[-1]) == f"250 2.1.0 {TOO_MUCH}"


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300))
def test_any_text_can_be_read_in_any_way(text: str) -> None:
    """No octets of a stranger's end in an error."""
    assert all(isinstance(one, bytes) for one in readings(text))
    unescaped(text)
    kept = told(RANDOM)(text)
    assert kept in (text, LEFT_OUT) or "[secret]" in kept
