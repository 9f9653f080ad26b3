"""Who lives in the lab: domains, host names, accounts and listener names. Data only; no server is started here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

CLUB = "club.example"  # the healthy domain
FRIENDS = "friends.example"  # a second domain that receives mail
MAIL_DOMAINS = (CLUB, FRIENDS)

MX_HOST = f"mx.{CLUB}"
SMTP_HOST = f"smtp.{CLUB}"
IMAP_HOST = f"imap.{CLUB}"
SERVER_NAMES = (MX_HOST, SMTP_HOST, IMAP_HOST, "localhost")
SERVER_ADDRESS = "127.0.0.1"

DKIM_SELECTOR = "lab"

UNKNOWN_USER = "unknown"  # this local part is refused for good: 550 5.1.1
FULL_USER = "full"  # this local part is refused for now: 452 4.2.2
GREYLISTED_USER = "greylisted"  # this local part is refused for now: 451 4.7.1

MESSAGE_SIZE_LIMIT = 1_048_576

PasswordScheme = Literal["PLAIN", "SCRAM-SHA-256"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """A login of the lab's mail server."""

    username: str
    """The name to log in with; not always an address."""
    password: str
    """What the person types."""
    owns: tuple[str, ...]
    """Sender addresses that this login may use."""
    scheme: PasswordScheme = "PLAIN"
    """How the server stores the password. From SCRAM-SHA-256 it cannot do CRAM-MD5."""


NOREPLY = Account(username=f"noreply@{CLUB}", password="violet-harbour-93", owns=(f"noreply@{CLUB}",))
BY_NAME = Account(username="clubmail", password="amber-lantern-58", owns=(f"news@{CLUB}", f"office@{CLUB}"))
HASHED = Account(username=f"hashed@{CLUB}", password="cobalt-meadow-17", owns=(f"hashed@{CLUB}",), scheme="SCRAM-SHA-256")
UMLAUT = Account(username=f"umlaut@{CLUB}", password="grün-Tür-7", owns=(f"umlaut@{CLUB}",))
READER = Account(username=f"reader@{FRIENDS}", password="silver-orchard-42", owns=(f"reader@{FRIENDS}",))
ACCOUNTS = (NOREPLY, BY_NAME, HASHED, UMLAUT, READER)


class Port(StrEnum):
    """The names of the listeners. Each is also a plain string: `lab.ports["submission"]`."""

    SUBMISSION = "submission"  # like 587: STARTTLS required, then AUTH
    SMTPS = "smtps"  # like 465: TLS from the first byte, AUTH
    PLAIN = "plain"  # like 25: STARTTLS offered, no AUTH
    NO_STARTTLS = "no-starttls"  # like 25: no STARTTLS, no AUTH
    CLEARTEXT_AUTH = "cleartext-auth"  # no STARTTLS, and still asks for the password
    OPTIONAL_TLS_AUTH = "optional-tls-auth"  # STARTTLS offered, AUTH with and without it
    SUBMISSION_NO_AUTH = "submission-noauth"  # STARTTLS required, no AUTH
    SUBMISSION_LOGIN_ONLY = "submission-loginonly"  # AUTH LOGIN and nothing else
    SUBMISSION_CRAM_ONLY = "submission-cramonly"  # AUTH CRAM-MD5 and nothing else
    SUBMISSION_EXPIRED = "submission-expired"
    SUBMISSION_EXPIRES_SOON = "submission-expiressoon"  # valid for another 5 days
    SUBMISSION_NOT_YET = "submission-notyet"
    SUBMISSION_SELF_SIGNED = "submission-selfsigned"
    SUBMISSION_WRONG_NAME = "submission-wrongname"
    SUBMISSION_UNTRUSTED = "submission-untrusted"  # another root signed it
    SUBMISSION_NO_CHAIN = "submission-nochain"  # the intermediate is not sent
    SUBMISSION_WEAK_KEY = "submission-weakkey"  # 1024 bit RSA
    SUBMISSION_OLD_TLS = "submission-oldtls"  # TLS 1.0 and 1.1 only
    SUBMISSION_NO_CHAIN_LINKED = "submission-nochainlinked"  # the intermediate is not sent, the certificate says where it is
    SUBMISSION_FORMAL_FLAW = "submission-formalflaw"  # the certificate does not say which key signed it
    SUBMISSION_NEW_TLS = "submission-newtls"  # TLS 1.2 and 1.3 only; Postfix itself still takes older ones
    SMTPS_EXPIRED = "smtps-expired"
    SMTPS_SELF_SIGNED = "smtps-selfsigned"
    SMTPS_WRONG_NAME = "smtps-wrongname"
    IMAP = "imap"  # STARTTLS offered
    IMAPS = "imaps"  # TLS from the first byte
