"""SASL mechanisms: the RFCs' own examples, and servers that do not play fair."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac

import pytest

from checks.gather import sasl
from checks.gather.sasl import CramMd5, Login, OAuthBearer, Plain, SaslError, ScramSha256, XOAuth2
from checks.secret import Secret
from checks.settings import Auth

ROGER_NONCE = "rOprNGfwEbeRWgbNEkqO"
# RFC 7677 section 3
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def scram() -> ScramSha256:
    return ScramSha256("user", Secret("pencil"), nonce=ROGER_NONCE)


def test_plain_is_utf8() -> None:
    """RFC 4616; a password with an umlaut and a euro sign arrives as UTF-8 octets."""
    assert Plain("tim", Secret("pässwörd€")).initial() == b"\0tim\0" + "pässwörd€".encode()
    with pytest.raises(SaslError):
        Plain("tim", Secret("x")).answer(b"")


def test_login_answers_in_order_whatever_the_prompts_say() -> None:
    login = Login("tim", Secret("pässwörd€"))
    assert login.initial() is None
    assert login.answer(b"not base64!") == b"tim"
    assert login.answer(b"") == "pässwörd€".encode()
    with pytest.raises(SaslError):
        login.answer(b64(b"Password:"))


def test_cram_md5_example() -> None:
    """RFC 2195 section 2."""
    challenge = b64(b"<1896.697170952@postoffice.reston.mci.net>")
    assert CramMd5("tim", Secret("tanstaaftanstaaf")).answer(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"


@pytest.mark.parametrize("challenge", [b"", b"!!!", b"abc", b"\xff\xff"])
def test_cram_md5_needs_a_challenge(challenge: bytes) -> None:
    with pytest.raises(SaslError):
        CramMd5("tim", Secret("x")).answer(challenge)


def test_cram_md5_answers_once() -> None:
    cram = CramMd5("tim", Secret("x"))
    cram.answer(b64(b"<1@a>"))
    with pytest.raises(SaslError):
        cram.answer(b64(b"<2@a>"))


def test_xoauth2() -> None:
    """The token in one message; an error challenge is answered with nothing, and only once."""
    oauth = XOAuth2("tim@example.org", Secret("tok.en"))
    assert oauth.initial() == b"user=tim@example.org\x01auth=Bearer tok.en\x01\x01"
    assert oauth.answer(b64(b'{"status":"400"}')) == b""
    with pytest.raises(SaslError):
        oauth.answer(b"")


def test_oauthbearer_example() -> None:
    """RFC 7628 section 4: the name is escaped, and an error challenge is answered with control-A (section 3.2.3), once."""
    oauth = OAuthBearer("user@example.com", Secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="))
    assert oauth.initial() == b"n,a=user@example.com,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    assert OAuthBearer("a=b,c", Secret("t")).initial().startswith(b"n,a=a=3Db=2Cc,\x01")
    assert oauth.answer(b64(b'{"status":"invalid_token"}')) == b"\x01"
    with pytest.raises(SaslError):
        oauth.answer(b"")


@pytest.mark.parametrize("kind", [XOAuth2, OAuthBearer])
@pytest.mark.parametrize(("user", "token"), [("tim", "a\x01auth=Bearer b"), ("tim\x01x", "t"), ("tim", "two\nlines")])
def test_nothing_is_slipped_into_a_token(kind: type[XOAuth2 | OAuthBearer], user: str, token: str) -> None:
    """Control characters divide the fields: a name or token that has one is refused, and not shown."""
    with pytest.raises(SaslError) as caught:
        kind(user, Secret(token)).initial()
    assert "Bearer" not in str(caught.value)


def test_scram_example() -> None:
    """RFC 7677 section 3, both sides."""
    client = scram()
    assert client.initial() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert client.answer(b64(SERVER_FIRST)) == CLIENT_FINAL
    assert client.answer(b64(SERVER_FINAL)) == b""
    client.accept()


def test_scram_server_must_prove_itself() -> None:
    """A wrong proof, no proof, or a yes without proof: the server does not know the password."""
    for proof in (SERVER_FINAL.replace(b"6rri", b"7rri"), b"e=other-error", b"v=", b""):
        client = scram()
        client.answer(b64(SERVER_FIRST))
        with pytest.raises(SaslError):
            client.answer(b64(proof))
        with pytest.raises(SaslError):
            client.accept()
    client = scram()
    with pytest.raises(SaslError):
        client.accept()


@pytest.mark.parametrize(
    "first",
    [
        b"r=someoneelse123,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        SERVER_FIRST.replace(b"4096", b"1"),
        SERVER_FIRST.replace(b"4096", b"4095"),
        SERVER_FIRST.replace(b"4096", b"600001"),
        SERVER_FIRST.replace(b"4096", b"99999999999999999999"),
        SERVER_FIRST.replace(b"4096", b"-4096"),
        SERVER_FIRST.replace(b"4096", b"4_096"),
        SERVER_FIRST.replace(b"s=", b"x="),
        b"m=ext," + SERVER_FIRST,
        b"\xff\0" * 100,
        b"",
    ],
)
def test_scram_refuses_odd_challenges(first: bytes) -> None:
    """Foreign nonce, too few or too many rounds, unknown extensions, garbage."""
    with pytest.raises(SaslError):
        scram().answer(b64(first))


def test_scram_names_and_spellings() -> None:
    """Comma and equals sign are written out; two spellings of one character are one password (RFC 5802 section 5.1, RFC 4013)."""
    assert ScramSha256("a=b,c", Secret("x"), nonce="n").initial() == b"n,,n=a=3Db=2Cc,r=n"
    composed, decomposed = "p\u00e4ss", "pa\u0308ss"
    assert sasl.prepared(composed) == sasl.prepared(decomposed) == "p\u00e4ss"
    assert sasl.prepared("I\u00adX\u00a0\u2168") == "IX IX"
    with pytest.raises(SaslError):
        sasl.prepared("a\nb")


def test_scram_with_other_words_than_ascii() -> None:
    """A server that knows the password proves it, also for a password beyond ASCII."""
    client = ScramSha256("tim", Secret("pässwörd€"), nonce="abc")
    first = b"r=abcdef,s=" + b64(b"salt") + b",i=5000"
    final = client.answer(b64(first))
    salted = hashlib.pbkdf2_hmac("sha256", "pässwörd€".encode(), b"salt", 5000)
    whole = b"n=tim,r=abc," + first + b"," + final.rpartition(b",p=")[0]
    proof = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), whole, "sha256")
    client.answer(b64(b"v=" + b64(proof)))
    client.accept()


def test_nonces_differ() -> None:
    assert ScramSha256("a", Secret("b")).initial() != ScramSha256("a", Secret("b")).initial()


@pytest.mark.parametrize(
    ("auth", "offered", "chosen"),
    [
        (Auth.AUTO, ("LOGIN", "PLAIN"), "PLAIN"),
        (Auth.AUTO, ("CRAM-MD5", "LOGIN"), "LOGIN"),
        (Auth.AUTO, ("PLAIN", "SCRAM-SHA-256", "CRAM-MD5"), "SCRAM-SHA-256"),
        (Auth.AUTO, ("CRAM-MD5",), "CRAM-MD5"),
        (Auth.AUTO, ("XOAUTH2", "GSSAPI"), ""),
        (Auth.XOAUTH2, ("PLAIN", "XOAUTH2"), "XOAUTH2"),
        (Auth.OAUTHBEARER, ("XOAUTH2", "OAUTHBEARER"), "OAUTHBEARER"),
        (Auth.OAUTHBEARER, ("XOAUTH2",), ""),
        (Auth.AUTO, ("OAUTHBEARER",), ""),
        (Auth.LOGIN, ("PLAIN",), ""),
        (Auth.LOGIN, ("PLAIN", "LOGIN"), "LOGIN"),
        (Auth.AUTO, (), ""),
    ],
)
def test_choice(auth: Auth, offered: tuple[str, ...], chosen: str) -> None:
    """The best that both know; an explicit choice has no stand-in."""
    assert sasl.choose(auth, offered) == chosen


def test_every_choice_can_be_made() -> None:
    for auth in Auth:
        if auth not in (Auth.NONE, Auth.AUTO):
            assert sasl.mechanism(auth.value.upper(), "a", Secret("SECRETCANARY")).name == auth.value.upper()


def test_the_secret_is_in_no_words() -> None:
    """Neither an error nor a repr holds it."""
    for kind in (Plain, Login, CramMd5, XOAuth2, OAuthBearer, ScramSha256):
        one = kind("tim", Secret("SECRETCANARY"))
        assert "SECRETCANARY" not in repr(one)
        for _ in range(2):
            with contextlib.suppress(SaslError):
                one.answer(b"garbage")
        with pytest.raises(SaslError) as caught:
            one.answer(b"garbage")
        assert "SECRETCANARY" not in str(caught.value)
