"""Mail servers to throw at the whole program, up to the login: by name, and exactly what must be said of each.

One alarm for a fault, none for an honest server that is unlike others. How they behave is mail_servers; how they are run is mail_run.
"""

from __future__ import annotations

import ssl

from tests.fakes.smtp_world import HOST
from tests.hostile.mail_run import NOT_READY, NOT_TESTED, WARNINGS, MailWorld
from tests.hostile.mail_servers import (
    HANDSHAKE_ALERT,
    INTERNAL_ALERT,
    Server,
    after_starttls,
    answering,
    beside,
    cut_at_once,
    endless,
    handshake_reply,
    issued,
    mute,
    nameless_certificate,
    only,
    own_certificate,
    reply,
    says_and_closes,
    says_first,
    strange_certificate,
    web_server,
)

TWO = ("127.0.0.1", "127.0.0.2")
IMPLICIT = {"security": "implicit-tls"}
NO_LOGIN = {"auth": "none", "username": None, "password": None}


def fault(script: object, *alarms: str, code: int = NOT_READY, words: str = "", **more: object) -> MailWorld:
    """Return a world with one fault; `words` are separated by commas."""
    listed = tuple(word.strip() for word in words.split(",") if word.strip())
    more = {"logins": 0} | more
    return MailWorld(script=script, alarms=alarms, code=code, words=listed, **more)  # type: ignore[arg-type]  # as the callers name them


EXCHANGE = (
    "SIZE 157286400",
    "PIPELINING",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
)


HEALTHY: dict[str, MailWorld] = {
    "like Postfix": MailWorld(
        script=Server(
            offers=("PIPELINING", "SIZE 10240000", "VRFY", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "CHUNKING")
        ),
        program=True,
    ),
    "like Exchange": MailWorld(
        script=Server(
            offers=EXCHANGE,
            mechanisms="LOGIN XOAUTH2",
            name="FR4P281CA0001.outlook.office365.com Hello [192.0.2.1]",
            replies={
                "GREETING": "220 FR4P281CA0001.outlook.office365.com Microsoft ESMTP MAIL Service ready at Mon, 23 Nov 2026 09:00:00 +0000 [08DC]",
                "AUTH": "235 2.7.0 Authentication successful",
                "MAIL": "250 2.1.0 Sender OK",
                "RCPT": "250 2.1.5 Recipient OK",
                "DATA": "354 Start mail input; end with <CRLF>.<CRLF>",
                "DOT": "250 2.0.0 OK <sendready@mx.club.example> [Hostname=FR4P281MB0001.DEUP281.PROD.OUTLOOK.COM]",
                "QUIT": "221 2.0.0 Service closing transmission channel",
            },
        )
    ),
    "like Gmail": MailWorld(
        script=Server(
            name="mx.google.example at your service, [192.0.2.1]",
            offers=("SIZE 35882577", "8BITMIME", "ENHANCEDSTATUSCODES", "PIPELINING", "CHUNKING", "SMTPUTF8"),
            mechanisms="LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH",
            replies={"GREETING": "220 smtp.gmail.example ESMTP 5b1f17b1804b1-43 - gsmtp", "AUTH": "235 2.7.0 Accepted"},
        )
    ),
    "like sendmail, with a greeting of several lines": MailWorld(
        script=Server(
            extra=("EXPN", "VERB", "DELIVERBY", "HELP"),
            replies={
                "GREETING": reply(
                    220,
                    "mx.club.example ESMTP Sendmail 8.17",
                    "We do not authorise the use of this system",
                    "for unsolicited mail.",
                    "",
                )
            },
        )
    ),
    "AUTH LOGIN only": MailWorld(script=Server(mechanisms="LOGIN")),
    "CRAM-MD5 only": MailWorld(script=Server(mechanisms="CRAM-MD5")),
    "SCRAM": MailWorld(script=Server(mechanisms="SCRAM-SHA-1 SCRAM-SHA-256 PLAIN")),
    "the old form of the offer": MailWorld(script=Server(mechanisms="", extra=("AUTH=PLAIN LOGIN",))),
    "SIZE without a limit": MailWorld(script=Server(offers=("SIZE 0",))),
    "no SIZE": MailWorld(script=Server(offers=("8BITMIME",))),
    "keywords in small letters": MailWorld(script=Server(lower=True)),
    "sixty EHLO lines": MailWorld(script=Server(offers=tuple(f"X-EXTENSION-{number} a b c" for number in range(60)))),
    "implicit TLS": MailWorld(script=Server(tls="implicit"), changes=IMPLICIT, port=465, program=True),
    "TLS 1.2 only": MailWorld(script=Server(secure=only(ssl.TLSVersion.TLSv1_2))),
    "a wildcard certificate": MailWorld(script=Server(secure=issued("wild", "*.club.example"))),
    "a certificate with many names": MailWorld(
        script=Server(secure=issued("many", *(f"mx{number}.hosting.example" for number in range(600)), HOST))
    ),
    "a certificate of RSA": MailWorld(script=Server(secure=issued("rsa", HOST, rsa_bits=2048))),
    "an address in place of a name": MailWorld(script=Server(secure=issued("literal", "127.0.0.1")), host="127.0.0.1"),
    "two addresses": MailWorld(script=Server(), addresses=TWO, listens=TWO),
    "IPv6 dead, IPv4 alive": MailWorld(script=Server(), addresses=("127.0.0.1", "::1"), notes=("port.closed-address",)),
    "IPv4 dead, IPv6 alive": MailWorld(
        script=Server(), addresses=("127.0.0.3", "::1"), listens=("::1",), notes=("port.closed-address",)
    ),
    "closes right after QUIT": MailWorld(script=answering(QUIT="CUT")),
    "never answers QUIT": MailWorld(script=answering(QUIT="HUSH")),
    "a relay without login": MailWorld(script=Server(mechanisms=""), changes=NO_LOGIN, logins=0),
    "a login although none is needed": MailWorld(script=Server(), changes=NO_LOGIN, logins=0),
    "replies byte by byte": MailWorld(script=Server(pause=0.001)),
    "250 comes late after the dot": MailWorld(script=Server(delays={"DOT": 0.5})),
    "bare line feeds": MailWorld(script=Server(line_end="\n")),
    "a reply without text": MailWorld(script=answering(MAIL="250", RCPT="250 ", DATA="354", DOT="250", QUIT="221")),
    "251 for the recipient": MailWorld(script=answering(RCPT="251 2.1.5 User not local; will forward")),
    "login offered in clear too": MailWorld(script=Server(clear=("AUTH PLAIN LOGIN",)), notes=("auth.offer-in-clear",)),
    "says 8-bit words": MailWorld(script=answering(GREETING="220 mx.club.example Grüß Gott \x80\xff")),
    "wants the client's answer a second time": MailWorld(script=answering(GREETING="220-mx.club.example\r\n220 ready")),
}

CONNECTION: dict[str, MailWorld] = {
    "a deaf port": fault(None, "port.no-answer", filtered=True, words="587, blocked on the way"),
    "a closed port": fault(None, "port.refused", words="587, closed", program=True),
    "greets with nothing": fault(mute, "port.silence", code=NOT_TESTED, words="says nothing"),
    "cut at once": fault(cut_at_once, "port.broken-conversation", words="closed the connection"),
    "hangs up without a word": fault(says_and_closes(""), "port.broken-conversation", words="closed the connection"),
    "a web server": fault(web_server, "port.other-service", words="web server"),
    "a web page at once": fault(says_and_closes("HTTP/1.0 200 OK\r\n\r\n<html>"), "port.other-service", words="web server"),
    "IMAP": fault(says_first("* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"), "port.other-service", words="IMAP"),
    "POP3": fault(says_first("+OK Dovecot ready.\r\n"), "port.other-service", words="POP3"),
    "SSH": fault(says_first("SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), "port.other-service", words="SSH"),
    "FTP": fault(
        Server(replies={"GREETING": "220 ProFTPD Server ready.", "EHLO": "500 EHLO not understood"}),
        "port.other-service",
        words="FTP",
    ),
    "a database": fault(says_first(b"\x5b\0\0\0\x0a8.0.36\0\x08\0\0\0"), "port.other-service", words="something else"),
    "a TLS alert": fault(says_and_closes(HANDSHAKE_ALERT), "port.other-service", words="encrypted from the first byte"),
    "421 at the greeting": fault(
        says_and_closes("421 4.3.2 Too many connections, try later\r\n"),
        "port.greeting-deferred",
        code=NOT_TESTED,
        words="421, just now",
    ),
    "554 at the greeting": fault(
        says_and_closes("554 5.7.1 Your address is on our list\r\n"), "port.greeting-refused", words="554, does not talk"
    ),
    "554 of several lines": fault(
        answering(GREETING=reply(554, "mx.club.example", "no service for you")),
        "port.greeting-refused",
        words="no service for you",
    ),
    "220 and then silence": fault(answering(EHLO="HUSH"), "port.silence", code=NOT_TESTED, words="587"),
    "an endless line": fault(endless(b"220 ", b"x" * 1000), "port.broken-conversation", words="2048 octets"),
    "endless lines": fault(endless(b"", b"220-hello\r\n"), "port.broken-conversation", words="256 lines"),
    "a code of letters": fault(says_first("2_0 mx.club.example\r\n"), "port.broken-conversation", words="reply code"),
    "a code without a space": fault(says_first("220mx.club.example\r\n"), "port.broken-conversation", words="reply code"),
    "a code out of range": fault(says_first("999 mx.club.example\r\n"), "port.broken-conversation", words="reply code"),
    "mixed codes": fault(
        says_first("220-mx.club.example\r\n250 ok\r\n"), "port.broken-conversation", words="changes from 220 to 250"
    ),
    "begins with 250": fault(says_first("250 mx.club.example\r\n"), "port.other-service", words="something else"),
    "EHLO refused, no HELO": fault(
        answering(EHLO="550 5.7.1 I do not like your name"), "port.ehlo-refused", words="550, name that this machine"
    ),
    "HELO only": fault(answering(EHLO="502 5.5.2 what?"), "tls.starttls-missing", words="no encryption, refuses EHLO, 502"),
    "hangs up at EHLO": fault(answering(EHLO="CUT"), "port.broken-conversation", words="closed the connection"),
    "an empty line in EHLO": fault(
        answering(EHLO="250-mx.club.example\r\n\r\n250 STARTTLS"), "port.broken-conversation", words="reply code"
    ),
    "three hundred EHLO lines": fault(
        Server(offers=tuple(f"X-{number}" for number in range(300))), "port.broken-conversation", words="256 lines"
    ),
    "speaks before its turn": fault(
        answering(GREETING="220 mx.club.example\r\n220 once more"), "port.broken-conversation", words="nobody had asked"
    ),
    "one of two addresses is mute": fault(
        beside(mute), "port.uneven-addresses", code=WARNINGS, words="127.0.0.2", logins=1, addresses=TWO, listens=TWO
    ),
    "one of two addresses is busy": MailWorld(
        script=beside(says_and_closes("421 4.3.2 too busy\r\n")), addresses=TWO, listens=TWO
    ),
    "one of two addresses does not encrypt": fault(
        beside(Server(tls="none")),
        "port.uneven-addresses",
        code=WARNINGS,
        words="127.0.0.2",
        logins=1,
        addresses=TWO,
        listens=TWO,
    ),
    "one of two addresses has an expired certificate": fault(
        beside(Server(secure=issued("old", HOST, days=(-90, -3)))),
        "tls.certificate-expired",
        logins=1,
        addresses=TWO,
        listens=TWO,
    ),
}

ENCRYPTION: dict[str, MailWorld] = {
    "no STARTTLS": fault(Server(tls="none", mechanisms=""), "tls.starttls-missing", words="no encryption", program=True),
    "no STARTTLS, but a login": fault(Server(tls="none"), "tls.starttls-missing"),
    "STARTTLS crossed out": fault(
        Server(tls="none", mechanisms="", offers=("SIZE 0", "XXXXXXXA")), "tls.starttls-stripped", words="crossed out"
    ),
    "454 to STARTTLS": fault(
        answering(STARTTLS="454 4.7.0 TLS not available due to local problem"),
        "tls.starttls-deferred",
        code=NOT_TESTED,
        words="454",
    ),
    "502 to STARTTLS": fault(answering(STARTTLS="502 5.5.1 no"), "tls.starttls-refused", words="502, refuses"),
    "hangs up at STARTTLS": fault(
        answering(STARTTLS="CUT"), "tls.starttls-broken-off", code=NOT_TESTED, words="closed the connection"
    ),
    "250 to STARTTLS": fault(answering(STARTTLS="250 ok"), "tls.starttls-broken-off", code=NOT_TESTED, words="250"),
    "words slipped in": fault(after_starttls("220 go\r\n250 AUTH PLAIN\r\n"), "tls.injected-bytes", words="slipping words in"),
    "half a line slipped in": fault(after_starttls("220 go\r\n250"), "tls.injected-bytes", words="slipping words in"),
    "garbage in place of a handshake": fault(
        handshake_reply(b"500 what is that?\r\n"), "tls.handshake-failed", words="does not speak TLS"
    ),
    "silence in place of a handshake": fault(
        after_starttls("220 go\r\n"), "tls.handshake-silence", code=NOT_TESTED, words="finish"
    ),
    "an alert in place of a handshake": fault(handshake_reply(HANDSHAKE_ALERT), "tls.handshake-failed", words="in common"),
    "another alert": fault(handshake_reply(INTERNAL_ALERT), "tls.handshake-failed", words="No encrypted connection"),
    "hangs up in the handshake": fault(handshake_reply(b""), "tls.handshake-failed", words="hangs up"),
    "TLS 1.0 only": fault(Server(secure=only(ssl.TLSVersion.TLSv1)), "tls.outdated-version", words="outdated, TLS 1.0"),
    "TLS 1.1 only": fault(Server(secure=only(ssl.TLSVersion.TLSv1_1)), "tls.outdated-version", words="outdated, TLS 1.1"),
    "implicit TLS where STARTTLS is configured": fault(
        Server(tls="implicit"), "port.unexpected-implicit-tls", words="first byte"
    ),
    "STARTTLS where implicit TLS is configured": fault(
        says_first("220 mx.club.example ESMTP\r\n"),
        "port.unexpected-clear-text",
        changes=IMPLICIT,
        port=465,
        words="offers no encryption",
    ),
    "encryption offered and not used": fault(
        Server(mechanisms=""), "port.unused-encryption", code=WARNINGS, changes={**NO_LOGIN, "security": "none"}
    ),
    "no encryption at all": fault(
        Server(tls="none", mechanisms=""), "port.unencrypted", code=WARNINGS, changes={**NO_LOGIN, "security": "none"}
    ),
    "expired": fault(
        Server(secure=issued("w-expired", HOST, days=(-90, -3))), "tls.certificate-expired", words="expired on", program=True
    ),
    "not yet valid": fault(Server(secure=issued("w-later", HOST, days=(3, 90))), "tls.certificate-not-yet-valid"),
    "expires soon": fault(
        Server(secure=issued("w-soon", HOST, days=(-85, 5.5))),
        "tls.certificate-expires-soon",
        code=WARNINGS,
        words="5 days",
        logins=1,
    ),
    "self-signed": fault(Server(secure=own_certificate), "tls.certificate-self-signed", words="itself"),
    "an unknown issuer": fault(Server(secure=strange_certificate), "tls.certificate-unknown-issuer", words="issuer"),
    "another name": fault(
        Server(secure=issued("w-name", "mail.hosting.example")), "tls.certificate-name-mismatch", words="mail.hosting.example"
    ),
    "another name and expired": fault(
        Server(secure=issued("w-both", "mail.hosting.example", days=(-90, -3))),
        "tls.certificate-expired",
        "tls.certificate-name-mismatch",
    ),
    "expired, and our name is the last of many": fault(
        Server(secure=issued("late", *(f"h{one}.hosting.example" for one in range(300)), HOST, days=(-90, -3))),
        "tls.certificate-expired",
    ),
    "a weak key": fault(
        Server(secure=issued("w-weak", HOST, rsa_bits=1024)), "tls.certificate-not-trusted", words="key, too short"
    ),
    "no name but the common one": fault(
        Server(secure=nameless_certificate), "tls.certificate-without-name", words="names no server"
    ),
    "a star for too much": fault(
        Server(secure=issued("w-star", "*.example")), "tls.certificate-name-mismatch", words="*.example"
    ),
    "expired, with implicit TLS": fault(
        Server(tls="implicit", secure=issued("i-expired", HOST, days=(-90, -3))),
        "tls.certificate-expired",
        changes=IMPLICIT,
        port=465,
    ),
    "mute after implicit TLS": fault(
        Server(tls="implicit", replies={"GREETING": "HUSH"}), "port.silence", code=NOT_TESTED, changes=IMPLICIT, port=465
    ),
    "IMAP inside implicit TLS": fault(
        Server(tls="implicit", replies={"GREETING": "* OK IMAP4rev1 ready"}),
        "port.other-service",
        changes=IMPLICIT,
        port=465,
        words="IMAP",
    ),
}
