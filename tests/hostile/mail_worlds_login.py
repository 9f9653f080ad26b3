"""Mail servers from the login on: what they answer, and exactly what must be said of each. Goes on from mail_worlds."""

from __future__ import annotations

from tests.hostile.mail_run import NOT_READY, NOT_TESTED, MailWorld
from tests.hostile.mail_servers import (
    Server,
    answering,
    cut_at_once,
    reply,
    says_and_closes,
    strange_certificate,
    then,
)
from tests.hostile.mail_worlds import NO_LOGIN, fault


def at_login(answer: str, *alarms: str, code: int = NOT_READY, words: str = "", **more: object) -> MailWorld:
    """Return a world whose server answers the login so."""
    return fault(answering(AUTH=answer), *alarms, code=code, words=words, logins=1, **more)


M365 = {"provider": "microsoft-365"}
LOGIN: dict[str, MailWorld] = {
    "421 the second time": fault(
        then(says_and_closes("421 4.7.0 too many connections\r\n")), "auth.login-broken-off", code=NOT_TESTED, words="421, login"
    ),
    "hangs up the second time": fault(then(cut_at_once), "auth.login-broken-off", code=NOT_TESTED, words="login was decided"),
    "another certificate the second time": fault(
        then(Server(secure=strange_certificate)), "auth.login-broken-off", code=NOT_TESTED, words="certificate is not trusted"
    ),
    "no STARTTLS the second time": fault(
        then(Server(tls="none")), "auth.login-broken-off", code=NOT_TESTED, words="does not offer to encrypt"
    ),
    "no login the second time": fault(
        then(Server(mechanisms="")), "auth.login-broken-off", code=NOT_TESTED, words="no way to log in"
    ),
    "no login offered": fault(Server(mechanisms=""), "auth.offer-missing", words="no login"),
    "a login before TLS only": fault(
        Server(mechanisms="", clear=("AUTH PLAIN LOGIN",)),
        "auth.offer-missing",
        words="wrong way round",
        notes=("auth.offer-in-clear",),
    ),
    "tokens only": fault(Server(mechanisms="XOAUTH2 OAUTHBEARER"), "auth.oauth-only", words="OAuth"),
    "nothing in common": fault(Server(mechanisms="GSSAPI NTLM DIGEST-MD5"), "auth.no-shared-mechanism", words="NTLM"),
    "another way configured": fault(
        Server(mechanisms="PLAIN LOGIN"), "auth.mechanism-missing", changes={"auth": "cram-md5"}, words="cram-md5"
    ),
    "a wrong password": fault(
        Server(password="another"), "auth.wrong-credentials", logins=1, program=True, words="password, 535"
    ),
    "a wrong password by LOGIN": fault(
        Server(password="another", mechanisms="LOGIN"), "auth.wrong-credentials", logins=1, words="password, 535"
    ),
    "a wrong password by CRAM-MD5": fault(Server(password="another", mechanisms="CRAM-MD5"), "auth.wrong-credentials", logins=1),
    "a server that does not know the password by SCRAM": fault(
        Server(password="another", mechanisms="SCRAM-SHA-256"),
        "auth.login-broken-off",
        code=NOT_TESTED,
        logins=1,
        words="could not prove",
    ),
    "535 without an enhanced code": at_login("535 Incorrect authentication data", "auth.wrong-credentials", words="535"),
    "535 of several lines": at_login(
        reply(
            535,
            "5.7.8 Username and Password not accepted. For more information, go to",
            "5.7.8  https://support.google.com/mail/?p=BadCredentials a1-gsmtp",
        ),
        "auth.wrong-credentials",
        words="app password",
    ),
    "Google wants an app password": at_login(
        reply(
            534,
            "5.7.9 Application-specific password required. For more information, go to",
            "5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor a1-gsmtp",
        ),
        "auth.wrong-credentials",
        words="app password",
    ),
    "Google wants a web login": at_login(
        reply(
            534,
            "5.7.14 <https://accounts.google.com/signin/continue?sarp=1> Please log in through your web browser and",
            "5.7.14 then try again. a1-gsmtp",
        ),
        "auth.login-forbidden",
        words="browser",
    ),
    "Microsoft, tenant": at_login(
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [FR4P281CA0001.DEUP281.PROD.OUTLOOK.COM 2026-11-23T09:00:00.000Z 08DC]",
        "auth.login-forbidden",
        words="whole Microsoft 365 organisation",
    ),
    "Microsoft, mailbox": at_login(
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled",
        "auth.login-forbidden",
        words="this mailbox",
    ),
    "Microsoft, password": at_login(
        "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. [FR4P281CA0001.DEUP281.PROD.OUTLOOK.COM]",
        "auth.wrong-credentials",
        words="password",
    ),
    "Microsoft, security defaults": at_login(
        "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
        "auth.login-forbidden",
        words="security defaults",
    ),
    "Microsoft, basic authentication": at_login(
        "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [FR4P281CA0001.DEUP281.PROD.OUTLOOK.COM]",
        "auth.login-forbidden",
        words="no longer accepts a password",
    ),
    "454 at the login": at_login(
        "454 4.7.0 Temporary authentication failure", "auth.login-deferred", code=NOT_TESTED, words="nothing about the password"
    ),
    "432 at the login": at_login(
        "432 4.7.12 A password transition is needed", "auth.login-deferred", code=NOT_TESTED, words="432"
    ),
    "421 at the login": at_login(
        "421 4.7.0 Too many failed logins, closing", "auth.login-deferred", code=NOT_TESTED, words="421"
    ),
    "hangs up at the login": at_login("CUT", "auth.login-broken-off", code=NOT_TESTED, words="closed the connection"),
    "malformed words at the login": at_login("2_5 welcome", "auth.login-broken-off", code=NOT_TESTED, words="reply code"),
    "334 for ever": fault(
        Server(echo=lambda _line: "334 "), "auth.login-broken-off", code=NOT_TESTED, words="login was decided", logins=1
    ),
    "250 at the login": at_login("250 welcome", "auth.login-broken-off", code=NOT_TESTED, words="250 welcome"),
    "354 at the login": at_login("354 go", "auth.login-broken-off", code=NOT_TESTED, words="354"),
    "504 at the login": at_login(
        "504 5.5.4 Unrecognized authentication type", "auth.login-refused", words="does not know this way"
    ),
    "538 at the login": at_login("538 5.7.11 Encryption required", "auth.login-refused", words="encrypted"),
    "550 in unknown words": at_login("550 computer says no", "auth.login-refused", words="computer says no"),
    "no password there": fault(
        Server(), "auth.secret-unavailable", changes={"password": {"source": "file", "ref": "nowhere"}}, words="nowhere"
    ),
}


def at(verb: str, answer: str, *alarms: str, code: int = NOT_READY, words: str = "", **more: object) -> MailWorld:
    """Return a world whose server answers a command behind the login so."""
    return fault(answering(**{verb: answer}), *alarms, code=code, words=words, **({"logins": 1} | more))


SENDING: dict[str, MailWorld] = {
    "530 at MAIL": at(
        "MAIL",
        "530 5.7.57 Client not authenticated to send mail. [FR4P281CA0001.DEUP281.PROD.OUTLOOK.COM]",
        "sender.login-required",
        words="login",
    ),
    "530 at MAIL without login": fault(
        Server(mechanisms="", replies={"MAIL": "530 5.7.0 Authentication required"}),
        "sender.login-required",
        changes=NO_LOGIN,
        words="after a login",
    ),
    "550 5.7.60 at MAIL": at(
        "MAIL",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "sender.envelope-not-permitted",
        words="may not send as",
    ),
    "553 at MAIL": at(
        "MAIL",
        "553 5.7.1 <office@club.example>: Sender address rejected: not owned by user office",
        "sender.envelope-not-permitted",
        words="may not use this sender",
    ),
    "550 at MAIL": at("MAIL", "550 we do not like you", "sender.envelope-refused", words="do not like"),
    "451 at MAIL": at(
        "MAIL", "451 4.3.0 Temporary lookup failure", "sender.envelope-deferred", code=NOT_TESTED, words="just now"
    ),
    "421 at MAIL": at("MAIL", "421 4.3.2 going down", "sender.envelope-deferred", code=NOT_TESTED, words="421"),
    "silence at MAIL": at("MAIL", "HUSH", "sender.envelope-broken-off", code=NOT_TESTED, words="sender"),
    "hangs up at MAIL": at("MAIL", "CUT", "sender.envelope-broken-off", code=NOT_TESTED, words="closed the connection"),
    "354 at MAIL": at("MAIL", "354 go", "sender.envelope-broken-off", code=NOT_TESTED, words="354"),
    "two replies to MAIL": at(
        "MAIL", "250 ok\r\n250 ok", "sender.recipient-broken-off", code=NOT_TESTED, words="nobody had asked"
    ),
    "mixed codes at MAIL": at(
        "MAIL", "250-ok\r\n251 ok", "sender.envelope-broken-off", code=NOT_TESTED, words="changes from 250"
    ),
    "three hundred lines at MAIL": at(
        "MAIL", reply(250, *("ok" for _ in range(300))), "sender.envelope-broken-off", code=NOT_TESTED, words="256 lines"
    ),
    "550 at RCPT": at(
        "RCPT",
        "550 5.1.1 <reader@friends.example>: User unknown",
        "sender.test-address-rejected",
        code=NOT_TESTED,
        words="test address",
    ),
    "550 at RCPT in unknown words": at("RCPT", "550 no thanks", "sender.recipient-refused", words="no thanks"),
    "greylisting": at(
        "RCPT",
        "450 4.2.0 <reader@friends.example>: Greylisted, see you later",
        "sender.greylisting",
        code=NOT_TESTED,
        words="wait",
    ),
    "451 greylisting": at(
        "RCPT", "451 4.7.1 Greylisting in action, please come back later", "sender.greylisting", code=NOT_TESTED, words="wait"
    ),
    "452 at RCPT": at(
        "RCPT", "452 4.3.1 Insufficient system storage", "sender.recipient-deferred", code=NOT_TESTED, words="no room"
    ),
    "552 at RCPT": at("RCPT", "552 5.2.2 Mailbox full", "sender.test-address-rejected", code=NOT_TESTED, words="full"),
    "relay denied": at("RCPT", "554 5.7.1 <reader@friends.example>: Relay access denied", "sender.relay-denied", words="pass on"),
    "relay denied without login": fault(
        Server(mechanisms="", replies={"RCPT": "454 4.7.1 Relay access denied"}),
        "sender.recipient-deferred",
        code=NOT_TESTED,
        changes=NO_LOGIN,
        words="pass on",
    ),
    "421 at RCPT": at("RCPT", "421 4.7.0 slow down", "sender.recipient-deferred", code=NOT_TESTED, words="421"),
    "hangs up at RCPT": at("RCPT", "CUT", "sender.recipient-broken-off", code=NOT_TESTED, words="closed"),
    "554 at DATA": at("DATA", "554 5.5.1 no valid recipients", "send.message-refused", words="no valid recipients"),
    "452 at DATA": at("DATA", "452 4.3.1 no room", "send.message-deferred", code=NOT_TESTED, words="not sent"),
    "250 at DATA": at("DATA", "250 ok", "send.broken-off", code=NOT_TESTED, words="250"),
    "hangs up at DATA": at("DATA", "CUT", "send.broken-off", code=NOT_TESTED, words="not sent"),
    "554 after the dot": at(
        "DOT", "554 5.7.1 Message rejected as spam by Content Filtering", "send.message-refused", words="spam"
    ),
    "550 5.7.60 after the dot": at(
        "DOT",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "send.sender-not-permitted",
        words="because of its sender",
    ),
    "5.2.0 SendAsDenied after the dot": at(
        "DOT",
        "554 5.2.252 SendAsDenied; office@club.example not allowed to send as noreply@club.example; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied [Hostname=FR4P281MB0001.DEUP281.PROD.OUTLOOK.COM]",
        "send.message-refused",
        words="SendAsDenied",
    ),
    "451 after the dot": at("DOT", "451 4.7.1 try again later", "send.message-deferred", code=NOT_TESTED, words="just now"),
    "cut after the dot": at("DOT", "CUT", "send.unconfirmed", code=NOT_TESTED, words="may or may not"),
    "nonsense after the dot": at("DOT", "2_0 ok", "send.unconfirmed", code=NOT_TESTED, words="may or may not"),
    "354 after the dot": at("DOT", "354 once more", "send.unconfirmed", code=NOT_TESTED, words="may or may not"),
    "says goodbye early": at("RCPT", "250 ok\r\n421 4.3.2 going down now", "send.message-deferred", code=NOT_TESTED, words="421"),
}
