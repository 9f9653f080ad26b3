"""Every row that Microsoft, Google and Yahoo publish: found by the words as they print them, and not by words that only look alike."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from checks.tables.replies import Kind, causes, classify, classify_text, parse_reply, provider_family
from wizard.commands.explain import command

APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"

# What is printed; whether the provider must be known; the row; the form field; who can mend it.
MICROSOFT = [
    ("535 5.7.3 Authentication unsuccessful", True, "microsoft.login-refused", "password", "mail-admin"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.", False, "microsoft.smtp-auth-off-tenant", "auth", "mail-admin"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.", False, "microsoft.smtp-auth-off-mailbox", "auth", "mail-admin"),
    ("535 5.7.139 Authentication unsuccessful, federated STS service was unreachable", False, "microsoft.sts-unreachable", "", "mail-admin"),
    ("535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.", False, "microsoft.security-defaults", "auth", "mail-admin"),
    ("535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", False, "microsoft.wrong-password", "password", "us"),
    ("535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.", False, "microsoft.criteria-not-met", "auth", "mail-admin"),
    ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", False, "microsoft.basic-auth-off-login", "auth", "mail-admin"),
    ("535 5.7.139 Authentication unsuccessful", False, "microsoft.login-refused-unnamed", "auth", "mail-admin"),
    ("530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", False, "microsoft.not-logged-in", "auth", "us"),
    ("530 5.7.57 Client not authenticated to send mail.", False, "microsoft.not-logged-in", "auth", "us"),
    ("550 5.7.30 Basic authentication is not supported for Client Submission.", False, "microsoft.basic-auth-not-supported", "auth", "mail-admin"),
    ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", False, "microsoft.send-as", "sender.email", "mail-admin"),
    ("5.7.60 SMTP; Client does not have permissions to send as this sender", False, "microsoft.send-as", "sender.email", "mail-admin"),
    ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", False, "microsoft.too-many-connections", "burst", "us"),
    ("432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.", False, "microsoft.too-many-connections", "burst", "us"),
    ("432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", False, "microsoft.recipient-busy", "", "us"),
    ("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", False, "microsoft.submission-quota", "limit", "us"),
    ("550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", False, "microsoft.daily-recipients", "limit", "us"),
    ("550 5.2.2 Submission quota exceeded", False, "microsoft.submission-quota-message", "limit", "us"),
    ("554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException", False, "microsoft.mailbox-full", "", "mail-admin"),
    ("550 5.1.8 Access denied, bad outbound sender", False, "microsoft.account-banned", "username", "mail-admin"),
    ("550 5.7.501 Access denied, spam abuse detected", False, "microsoft.account-banned-spam", "username", "mail-admin"),
    ("550 5.7.502 Access denied, banned sender", False, "microsoft.account-banned-spam", "username", "mail-admin"),
    ("550 5.7.705 Access denied, tenant has exceeded threshold", False, "microsoft.tenant-threshold", "", "mail-admin"),
    ("550 5.7.708 Access denied, traffic not accepted from this IP", False, "microsoft.address-reputation", "", "mail-admin"),
    ("550 5.7.750 Client blocked from sending from unregistered domain", False, "microsoft.unregistered-domain", "sender.email", "mail-admin"),
    ("550 5.7.703 Your message can't be delivered because one or more recipients are blocked by your organization's tenant recipient block policy", False, "microsoft.recipient-blocked-by-organisation", "", "mail-admin"),
    ("550 5.7.236 Message rejected: the tenant sends too much from onmicrosoft.com", False, "microsoft.onmicrosoft-limit", "sender.email", "us"),
    ("550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources", False, "microsoft.direct-send-rejected", "auth", "mail-admin"),
    ("550 5.7.64 TenantAttribution; Relay Access Denied", False, "microsoft.connector-mismatch", "", "mail-admin"),
    ("550 5.7.23 The message was rejected because of Sender Policy Framework violation", False, "microsoft.spf", "", "dns-admin"),
    ("550 5.7.509 Access denied, sending domain club.example does not pass DMARC verification and has a DMARC policy of reject.", False, "microsoft.dmarc", "", "dns-admin"),
    ("550 5.7.515 Access denied, sending domain club.example does not meet the required authentication level.", False, "microsoft.high-volume-authentication", "", "dns-admin"),
    ("451 4.7.500 Access denied, please try again later", False, "microsoft.suspicious-activity", "", "us"),
    ("451 4.7.899 Access denied, please try again later", False, "microsoft.suspicious-activity", "", "us"),
    ("550 5.7.511 Access denied, banned sender", False, "microsoft.address-banned", "", "provider"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", False, "microsoft.address-banned", "", "provider"),
    ("550 5.2.121 Recipient's per hour message receive limit from specific sender exceeded", False, "microsoft.recipient-hourly-limit", "", "us"),
    ("550 5.2.122 Recipient's per hour message receive limit exceeded", False, "microsoft.recipient-hourly-limit", "", "us"),
    ("550 5.7.25 Access denied, the sending IPv6 address [2001:db8::1] must have a reverse DNS record", False, "microsoft.ipv6-reverse", "", "provider"),
    ("450 4.7.26 Access denied, a message sent over IPv6 [2001:db8::1] must pass either SPF or DKIM validation, this message is not signed", False, "microsoft.ipv6-unauthenticated", "", "dns-admin"),
    ("450 4.7.321 starttls-not-supported: Destination mail server must support TLS to receive mail.", False, "microsoft.dane", "", "provider"),
    ("550 5.7.325 certificate-host-mismatch: Remote certificate MUST have a common name or subject alternative name matching the hostname (DANE)", False, "microsoft.dane", "", "provider"),
    ("452 4.5.3 Too many recipients", True, "microsoft.too-many-recipients-of-a-domain", "limit", "us"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", True, "microsoft.recipient-not-found", "", "us"),
    ("550 5.4.1 Recipient address rejected: Access denied", True, "microsoft.recipient-access-denied", "", "us"),
    ("550 5.7.506 Access Denied, Bad HELO", False, "microsoft.own-name", "ehlo", "us"),
    ("550 5.7.513 Service unavailable, Client host [192.0.2.1] blocked by club.example using Customer Block list (AS16012607)", False, "microsoft.blocked-by-recipient", "", "us"),
    ("550 5.7.508 Access denied, [2001:db8::1] has exceeded permitted limits within 1 range", False, "microsoft.ipv6-rate", "burst", "us"),
    ("550 5.7.510 Access denied, club.example does not accept email over IPv6", False, "microsoft.no-ipv6", "", "mail-admin"),
    ("550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant", False, "microsoft.from-missing", "sender.email", "us"),
    ("550 5.7.124 Sender not in allowed-senders list", True, "microsoft.recipient-restricted", "", "us"),
    ("550 5.7.133 Sender not authenticated for group", True, "microsoft.recipient-restricted", "", "us"),
    ("550 5.6.11 Invalid characters", False, "microsoft.bare-line-feed", "", "us"),
    ("421 RP-001 (BAY004-MC1F38) Unfortunately, some messages from 192.0.2.1 weren't sent.", False, "microsoft.outlook-rate", "burst", "us"),
    ("550 SC-001 (BAY004-MC1F38) Unfortunately, messages from 192.0.2.1 weren't sent.", False, "microsoft.outlook-reputation", "", "provider"),
    ("550 SC-002 Mail rejected by Outlook.com for policy reasons.", False, "microsoft.outlook-guessing", "", "mail-admin"),
    ("550 SC-003 Mail rejected by Outlook.com for policy reasons.", False, "microsoft.outlook-open-relay", "", "mail-admin"),
    ("550 DY-001 Mail rejected by Outlook.com for policy reasons.", False, "microsoft.outlook-dynamic", "host", "us"),
    ("550 OU-001 Mail rejected by Outlook.com for policy reasons.", False, "microsoft.outlook-spamhaus", "", "provider"),
    ("550 5.7.232 Your message can't be sent because your trial tenant has exceeded its daily limit for sending email to external recipients (tenant external recipient rate limit)", False, "microsoft.trial-limit", "limit", "mail-admin"),
    ("550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set", False, "microsoft.partner-connector", "host", "mail-admin"),
    ("451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://aka.ms/postmaster (S775)", False, "microsoft.rate-limited", "burst", "us"),
    ("550 5.5.0 Requested action not taken: mailbox unavailable", True, "microsoft.no-such-mailbox", "", "us"),
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", True, "microsoft.recipient-access-denied", "", "us"),
]  # fmt: skip

GOOGLE = [
    ("451 4.7.23 The sending IP address for this message doesn't have a PTR record, or the PTR record's forward DNS entry doesn't match the sending IP address.", True, "google.reverse-name", "", "provider"),
    ("550 5.7.25 This message was blocked because the sending IP address doesn't have a PTR record", True, "google.reverse-name", "", "provider"),
    ("421 4.7.0 The IP address sending this message does not have a PTR record, or the corresponding forward DNS entry does not point to the sending IP.", True, "google.reverse-name-words", "", "provider"),
    ("451 4.7.24 The SPF record of the sending domain has one or more suspicious entries.", True, "google.spf-suspicious", "", "dns-admin"),
    ("550 5.7.24 The SPF record of the sending domain has one or more suspicious entries.", True, "google.spf-suspicious", "", "dns-admin"),
    ("421 4.7.26 This email has been rate limited because it is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", False, "google.unauthenticated", "", "dns-admin"),
    ("550 5.7.26 This email has been blocked because the sender is unauthenticated.", True, "google.unauthenticated", "", "dns-admin"),
    ("550 5.7.26 The (E)MAIL FROM domain [club.example] has an SPF record with a hard fail policy (-all) but it fails to pass SPF checks with the ip: [192.0.2.1].", True, "google.spf-hard-fail", "", "dns-admin"),
    ("550 5.7.26 Unauthenticated email from club.example is not accepted due to domain's DMARC policy.", True, "google.dmarc-policy", "", "dns-admin"),
    ("421 4.7.27 Your email has been rate limited because SPF authentication didn't pass for this message.", True, "google.spf-required", "", "dns-admin"),
    ("550 5.7.27 This message was blocked because it didn't pass SPF authentication.", True, "google.spf-required", "", "dns-admin"),
    ("421 4.7.28 Gmail has detected an unusual rate of unsolicited email originating from your DKIM domain club.example.", False, "google.unusual-rate", "limit", "us"),
    ("421 4.7.28 Gmail has detected this sender exceeded the quota for sending messages that have the same Message-ID:.", False, "google.unusual-rate", "limit", "us"),
    ("550 5.7.28 There is an unusual rate of unsolicited email originating from your IP address.", True, "google.unusual-rate", "limit", "us"),
    ("421 4.7.29 Your email has been rate limited because you're not using a TLS connection.", True, "google.tls-required", "security", "mail-admin"),
    ("550 5.7.29 This message was blocked because it wasn't sent over a TLS connection.", True, "google.tls-required", "security", "mail-admin"),
    ("421 4.7.30 Your email has been rate limited because DKIM authentication didn't pass for this message.", True, "google.dkim-required", "", "mail-admin"),
    ("550 5.7.30 This message was blocked because it didn't pass DKIM authentication.", True, "google.dkim-required", "", "mail-admin"),
    ("421 4.7.40 Your email has been rate limited because the sending domain doesn't have a DMARC record", True, "google.dmarc-missing", "", "dns-admin"),
    ("421 4.7.31 the sending domain doesn't have a DMARC record", True, "google.dmarc-missing", "", "dns-admin"),
    ("550 5.7.40 Your message was blocked because the sending domain doesn't have a DMARC record", True, "google.dmarc-missing", "", "dns-admin"),
    ("421 4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned", True, "google.from-not-aligned", "", "mail-admin"),
    ("421 5.7.32 Your email was blocked because the From: header (RFC5322) in this message isn't aligned", True, "google.from-not-aligned", "", "mail-admin"),
    ("550 5.4.5 Daily user sending limit exceeded.", True, "google.daily-limit", "limit", "us"),
    ("550 5.4.5 Daily SMTP relay limit exceeded for user.", True, "google.daily-limit", "limit", "us"),
    ("550 5.7.1 Daily SMTP relay sending limit exceeded for this customer.", True, "google.relay-limit", "limit", "mail-admin"),
    ("450 4.2.1 Peak SMTP relay limit exceeded for this customer.", True, "google.relay-limit", "limit", "mail-admin"),
    ("535 5.7.80 Username and Password not accepted.", True, "google.wrong-password", "password", "us"),
    ("535 5.7.8 Username and Password not accepted.", True, "google.wrong-password", "password", "us"),
    ("534 5.7.90 Application-specific password required.", True, "google.app-password-required", "password", "us"),
    ("534 5.7.9 Application-specific password required.", True, "google.app-password-required", "password", "us"),
    ("534 5.7.90 Please log in with your web browser and then try again.", True, "google.web-login-required", "username", "us"),
    ("534 5.7.14 Please log in through your web browser and then try again.", True, "google.web-login-required", "username", "us"),
    ("504 5.7.40 Unrecognized authentication type.", True, "google.mechanism-unknown", "auth", "us"),
    ("504 5.7.4 XOAUTH is no longer supported.", True, "google.mechanism-unknown", "auth", "us"),
    ("530 5.7.0 Authentication required.", True, "any.login-required", "auth", "us"),
    ("530 5.7.0 Must issue a STARTTLS command first.", True, "any.tls-first", "security", "us"),
    ("454 4.7.0 Too many login attempts, please try again later.", True, "google.too-many-logins", "", "us"),
    ("454 4.7.0 Cannot authenticate due to a temporary system problem. Try again later.", True, "google.login-temporary", "", "us"),
    ("550 5.7.0 Email relay denied 192.0.2.1. Invalid credentials for relay for one of the domains in: club.example", True, "google.relay-not-registered", "", "mail-admin"),
    ("550 5.7.0 Email relay denied 192.0.2.1. The sending email account has been temporarily suspended due to abuse.", True, "google.relay-suspended", "username", "mail-admin"),
    ("550 5.7.0 Email sending denied.", True, "google.sending-denied", "username", "mail-admin"),
    ("501 5.5.4 HELO/EHLO argument x invalid closing connection.", True, "google.own-name", "ehlo", "us"),
    ("452 4.5.3 Your message has too many recipients.", True, "google.too-many-recipients", "limit", "us"),
    ("550 5.5.3 Too many recipients for this sender.", True, "google.too-many-recipients", "limit", "us"),
    ("550 5.1.1 The email account that you tried to reach does not exist.", True, "google.no-such-mailbox", "", "us"),
    ("421 4.7.0 This message is suspicious due to the very low reputation of the sending domain.", True, "google.reputation", "", "us"),
    ("421 4.7.0 This message is suspicious due to the nature of the content or the links within.", True, "google.content", "", "us"),
    ("552 5.7.0 This message was blocked because its content presents a potential security issue.", True, "google.content", "", "us"),
    ("550 5.7.1 Messages missing a valid Message-ID: header are not accepted.", True, "google.malformed", "", "us"),
    ("550 5.7.1 This message is not RFC 5322 compliant because it has duplicate headers.", True, "google.malformed", "", "us"),
    ("554 5.6.0 Email message is malformed. Not accepted.", True, "google.malformed", "", "us"),
    ("550 5.7.1 The IP you're using to send email is not authorized to send email directly to our servers.", True, "google.direct-sending", "host", "us"),
    ("550 5.7.1 The user or domain that you are sending to (or from) has a policy that prohibits the email that you sent.", True, "google.policy", "", "mail-admin"),
    ("450 4.2.1 The user you are trying to contact is receiving email too quickly.", True, "google.recipient-too-fast", "", "us"),
    ("452 4.2.2 The recipient's inbox is out of storage space.", True, "google.recipient-full", "", "us"),
    ("421 4.7.0 TLS required for RCPT domain, closing connection.", True, "google.recipient-demands-tls", "security", "mail-admin"),
    ("421 4.7.0 Try again later, closing connection. (EHLO)", True, "google.turned-away", "ehlo", "us"),
    ("421 4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address.", True, "google.unusual-rate", "limit", "us"),
]  # fmt: skip

YAHOO = [
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", False, "yahoo.deferred", "limit", "us"),
    ("421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred", True, "yahoo.deferred-by-sign", "limit", "us"),
    ("554 Message not allowed - [PH01] Email not accepted for policy reasons.", True, "yahoo.content", "", "us"),
    ("554 delivery error: dd This user doesn't have a yahoo.com account (testing123@yahoo.com) [-5]", False, "yahoo.no-such-mailbox", "", "us"),
    ("451 Unresolvable RFC.5321 from domain", False, "yahoo.sender-domain", "sender.email", "dns-admin"),
    ("535 5.7.0 (#MBR1212) Incorrect username or password", False, "yahoo.wrong-password", "password", "us"),
    ("535 5.7.0 (#AUTH005) Too many bad auth attempts.", False, "yahoo.too-many-logins", "password", "us"),
    ("550 Request failed; Mailbox unavailable", False, "yahoo.sender-not-own", "sender.email", "us"),
    ("553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list; see http://postmaster.yahoo.com/550-bl23.html", False, "yahoo.spamhaus", "", "provider"),
    ("553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.", False, "yahoo.refused-for-good", "", "us"),
    ("554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", False, "yahoo.policy", "", "mail-admin"),
]  # fmt: skip

EVERY = [
    (text, family, known, row, field, owner)
    for family, rows in (("microsoft", MICROSOFT), ("google", GOOGLE), ("yahoo", YAHOO))
    for text, known, row, field, owner in rows
]


@pytest.mark.parametrize(("text", "family", "must_be_known", "row", "field", "owner"), EVERY, ids=[one[0][:60] for one in EVERY])
def test_a_published_row_is_found(text: str, family: str, must_be_known: bool, row: str, field: str, owner: str) -> None:
    """Cause, form field, who can mend it and how; with typographic apostrophes too, and on the wire as in a pasted line."""
    for words in (text, text.replace("'", APOSTROPHE), text.upper() if must_be_known else text):
        found = classify_text(words, family)
        assert found is not None
        assert (found.id, found.field, found.owner.value) == (row, field, owner)
        assert found.steps
        assert found.meaning
    alone = classify_text(text)
    if must_be_known:  # the words or the number are others' too: without knowing the provider, a standard's row or none
        assert alone is None or alone.provider == "any"
    else:
        assert alone is not None
        assert alone.id == row


def test_every_row_of_these_providers_is_tried() -> None:
    """No row is shipped that no published words lead to."""
    tried = {row for _, _, _, row, _, _ in EVERY}
    assert {row.id for row in causes() if row.provider != "any"} == {row for row in tried if not row.startswith("any.")}


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("550 5.7.30 something else", "microsoft"),
        ("550 5.7.30 something else", "google"),
        ("550 5.7.60 no", "microsoft"),
        ("554 5.2.0 STOREDRV.Submission.Exception:SomethingElse", "microsoft"),
        ("550 5.1.8 no", "google"),
        ("451 4.7.400 Access denied, please try again later", "microsoft"),
        ("451 4.7.700 Access denied, please try again later", "microsoft"),
        ("550 5.7.605 Access denied, banned sending IP", "microsoft"),
        ("550 5.7.650 Access denied, banned sending IP", "microsoft"),
        ("450 4.7.326 something", "microsoft"),
        ("550 5.7.1 no", "google"),
        ("421 4.7.28 no", "google"),
        ("535 5.7.139 Authentication unsuccessful", "google"),
        ("550 5.4.5 no", "google"),
        ("421 4.7.0 no", "yahoo"),
        ("554 5.7.9 no", "yahoo"),
        ("535 5.7.0 no", "yahoo"),
        ("550 Mailbox unavailable", "yahoo"),
        ("553 5.7.1 no", "yahoo"),
        ("421 4.7.0 Try again later", "google"),
        ("550 5.7.51 no", "microsoft"),
        ("451 4.7.652 temporarily rate limited due to IP reputation", "microsoft"),
        ("550 5.5.0 no", "microsoft"),
        ("550 SC-009 no", "microsoft"),
        ("554 5.2.252 SendAsDenied; a@b.example not allowed to send as c@d.example", "microsoft"),
        ("550 5.7.233 Message rejected", "microsoft"),
    ],
)
def test_a_near_miss_is_not_guessed(text: str, family: str) -> None:
    """One number off, one word missing, or another provider: not the provider's row; at most what the standard says of the code."""
    found = classify_text(text, family)
    assert found is None or found.provider == "any"


def test_numbers_of_hearsay_are_not_in_the_table() -> None:
    """What nobody has read at a source is unknown, however often it is repeated."""
    codes = {code for row in causes() for code in row.enhanced}
    assert not {"5.2.252", "5.7.233"} & codes


@pytest.mark.parametrize(
    ("text", "family", "must_be_known", "row", "field", "owner"), EVERY[::5], ids=[one[0][:60] for one in EVERY[::5]]
)
def test_explain_says_all_of_it(text: str, family: str, must_be_known: bool, row: str, field: str, owner: str) -> None:
    """The pasted line brings cause, form field, person, steps and source; with --provider where the words are not the provider's alone."""
    arguments = [text, *(["--provider", family] if must_be_known else [])]
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    cause = next(one for one in causes() if one.id == row)
    assert f"It means: {cause.meaning}." in said
    assert all(step in said for step in (" ".join(step.split()) for step in cause.steps))
    assert cause.source in done.output
    assert "Who can change it:" in said
    assert (f"In the settings: {field}" in said) is bool(field)


def test_explain_does_not_guess() -> None:
    """An unknown line is shown as it came."""
    done = CliRunner().invoke(command, ["554 5.2.252 SendAsDenied; a@b.example"], standalone_mode=False)
    assert "554 5.2.252 SendAsDenied; a@b.example" in done.output
    assert "we do not guess" in done.output


@pytest.mark.parametrize(
    "line",
    [
        "host smtp.office365.com[192.0.2.1] said: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
        "smtplib.SMTPAuthenticationError: (535, b'5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.')",
    ],
)
def test_explain_reads_a_line_of_a_log(line: str) -> None:
    """What stands before the code does not matter."""
    done = CliRunner().invoke(command, [line], standalone_mode=False)
    assert "for the whole Microsoft 365 organisation" in " ".join(done.output.split())


def test_families_and_reply_reading_stay_apart() -> None:
    """A family name is taken as a hint by itself."""
    reply = parse_reply("535 5.7.3 Authentication unsuccessful")
    assert reply is not None
    found = classify(reply, "microsoft")
    assert found is not None
    assert (found.kind, provider_family("microsoft365")) == (Kind.CREDENTIALS, "microsoft")


def test_a_reply_that_one_provider_explains_is_told_as_that_provider_s() -> None:
    """The words do not show whose server it was: said so, and nobody's fault is named as a fact."""
    done = CliRunner().invoke(command, ["550 5.4.5 Daily user sending limit exceeded."], standalone_mode=False)
    said = " ".join(done.output.split())
    assert "only some providers explain this reply" in said
    assert "From a server of Google, it means: this Google account has used up its messages for the day." in said
    assert "It means:" not in said
    assert "From a server of Microsoft" not in said


def test_a_reply_of_two_lines_is_shown_on_one() -> None:
    """A line end is how it was pasted; what steers a terminal is still written out."""
    done = CliRunner().invoke(command, ["535-5.7.8 no\r\n535 5.7.8 \x1b[31msuch user"], standalone_mode=False)
    assert "The server said: 535-5.7.8 no 535 5.7.8 \\u001b[31msuch user" in done.output
    assert "u000a" not in done.output


@pytest.mark.parametrize(
    "text",
    [
        "Der Server antwortete: 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
        "the program says: 535 authentication failed",
        "unknown as it is: 5.7.999 computer says no",
    ],
)
def test_a_reply_in_a_sentence_is_read(text: str) -> None:
    """The enhanced code is enough, and so is a code with words that the table knows."""
    done = CliRunner().invoke(command, [text], standalone_mode=False)
    assert done.return_value == 0
    assert "The server said:" in done.output


@pytest.mark.parametrize("text", ["exim 4.96.2", "port 587", "we sold 200 shoes", "-- "])
def test_what_is_no_reply_is_not_taken_for_one(text: str) -> None:
    """Versions, ports and counts."""
    done = CliRunner().invoke(command, ["--", text], standalone_mode=False)
    assert done.return_value == 64


def test_a_reply_comes_by_standard_input() -> None:
    """With "-", as a log is piped; a flood is cut, and nothing at all is told as wrong usage."""
    line = "530 5.7.57 Client not authenticated to send mail.\nError: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant\n"
    done = CliRunner().invoke(command, ["-", "--provider", "microsoft365"], input=line, standalone_mode=False)
    assert "for the whole Microsoft 365 organisation" in " ".join(done.output.split())
    flood = CliRunner().invoke(command, ["-"], input=b"550 5.1.1 no such user " + b"\xff x" * 1_000_000, standalone_mode=False)
    assert "there is no mailbox of this address" in flood.output
    assert len(flood.output) < 4_000
    assert "(cut here; " in " ".join(flood.output.split())
    nothing = CliRunner().invoke(command, ["-"], input=" \n", standalone_mode=False)
    assert nothing.return_value == 64
    assert "nothing to explain" in nothing.output
