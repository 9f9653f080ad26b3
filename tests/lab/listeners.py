"""Describes Postfix's listeners as data: what each offers and with which certificate. Starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .ca import EXPIRED_DAYS, NOT_YET_DAYS, Authority, KeyPair, self_signed, valid
from .names import SERVER_NAMES, Port

SOON_DAYS = 5
WEAK_RSA_BITS = 1024

AUTH = {"smtpd_sasl_auth_enable": "yes"}
LOGINS_ONLY = {
    "smtpd_client_restrictions": "permit_sasl_authenticated,reject",
    "smtpd_sender_restrictions": "reject_sender_login_mismatch",
}
STARTTLS_REQUIRED = {"smtpd_tls_security_level": "encrypt"}
STARTTLS_OFFERED = {"smtpd_tls_security_level": "may"}
NO_TLS = {"smtpd_tls_security_level": "none"}
TLS_FIRST = {"smtpd_tls_security_level": "encrypt", "smtpd_tls_wrappermode": "yes"}
AUTH_IN_CLEAR = {"smtpd_tls_auth_only": "no"}
OLD_TLS = {
    "smtpd_tls_mandatory_protocols": "!SSLv2,!SSLv3,!TLSv1.2,!TLSv1.3",
    "smtpd_tls_mandatory_ciphers": "medium",
    "tls_medium_cipherlist": "ALL:@SECLEVEL=0",
}
NEW_TLS = {"smtpd_tls_mandatory_protocols": ">=TLSv1.2"}
ISSUER_PLACE = "http://ca.club.example/issuing.der"

SUBMISSION = STARTTLS_REQUIRED | AUTH | LOGINS_ONLY
SMTPS = TLS_FIRST | AUTH | LOGINS_ONLY


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One port of the mail server."""

    name: str
    """How tests call it: `lab.ports[name]`."""
    options: Mapping[str, str]
    """Postfix parameters that hold for this port only."""
    keys: KeyPair
    """The certificate that it shows."""


def all_listeners(root: Authority, other_root: Authority) -> list[Listener]:
    """Return every SMTP listener of the lab; `other_root` is one that nobody trusts."""
    folder, issuing = root.folder, root.intermediate("Lab Issuing CA")
    good = issuing.issue("good", *SERVER_NAMES)
    expired = issuing.issue("expired", *SERVER_NAMES, validity=valid(start_days=EXPIRED_DAYS[0], end_days=EXPIRED_DAYS[1]))
    not_yet = issuing.issue("notyet", *SERVER_NAMES, validity=valid(start_days=NOT_YET_DAYS[0], end_days=NOT_YET_DAYS[1]))
    own = self_signed(folder, "selfsigned", *SERVER_NAMES)
    wrong_name = issuing.issue("wrongname", "mail.elsewhere.example")
    cases = [
        (Port.SUBMISSION, SUBMISSION, good),
        (Port.SMTPS, SMTPS, good),
        (Port.PLAIN, STARTTLS_OFFERED, good),
        (Port.NO_STARTTLS, NO_TLS, good),
        (Port.CLEARTEXT_AUTH, NO_TLS | AUTH | LOGINS_ONLY | AUTH_IN_CLEAR, good),
        (Port.OPTIONAL_TLS_AUTH, STARTTLS_OFFERED | AUTH | LOGINS_ONLY | AUTH_IN_CLEAR, good),
        (Port.SUBMISSION_NO_AUTH, STARTTLS_REQUIRED, good),
        (Port.SUBMISSION_LOGIN_ONLY, SUBMISSION | {"smtpd_sasl_mechanism_filter": "login"}, good),
        (Port.SUBMISSION_CRAM_ONLY, SUBMISSION | {"smtpd_sasl_mechanism_filter": "cram-md5"}, good),
        (Port.SUBMISSION_EXPIRED, SUBMISSION, expired),
        (Port.SUBMISSION_EXPIRES_SOON, SUBMISSION, issuing.issue("soon", *SERVER_NAMES, validity=valid(end_days=SOON_DAYS))),
        (Port.SUBMISSION_NOT_YET, SUBMISSION, not_yet),
        (Port.SUBMISSION_SELF_SIGNED, SUBMISSION, own),
        (Port.SUBMISSION_WRONG_NAME, SUBMISSION, wrong_name),
        (Port.SUBMISSION_UNTRUSTED, SUBMISSION, other_root.issue("untrusted", *SERVER_NAMES)),
        (Port.SUBMISSION_NO_CHAIN, SUBMISSION, issuing.issue("nochain", *SERVER_NAMES, send_chain=False)),
        (Port.SUBMISSION_WEAK_KEY, SUBMISSION, issuing.issue("weakkey", *SERVER_NAMES, rsa_bits=WEAK_RSA_BITS)),
        (Port.SUBMISSION_OLD_TLS, SUBMISSION | OLD_TLS, good),
        (
            Port.SUBMISSION_NO_CHAIN_LINKED,
            SUBMISSION,
            issuing.issue("nochainlinked", *SERVER_NAMES, send_chain=False, fetch_at=ISSUER_PLACE),
        ),
        (Port.SUBMISSION_FORMAL_FLAW, SUBMISSION, issuing.issue("formalflaw", *SERVER_NAMES, marked=False)),
        (Port.SUBMISSION_NEW_TLS, SUBMISSION | NEW_TLS, good),
        (Port.SMTPS_EXPIRED, SMTPS, expired),
        (Port.SMTPS_SELF_SIGNED, SMTPS, own),
        (Port.SMTPS_WRONG_NAME, SMTPS, wrong_name),
    ]
    return [Listener(name=name, options=options, keys=keys) for name, options, keys in cases]
