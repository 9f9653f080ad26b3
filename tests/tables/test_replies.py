"""What servers mean by their replies: the right row for each reply, and none for a reply that nobody has explained."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.probes import Reply, Stage
from checks.tables import providers
from checks.tables.replies import GRADES, MAX_WORDS, Kind, causes, classify, classify_text, in_words, parse_reply, provider_family

OUTLOOK = "[MN2PR05CA0004.namprd05.prod.outlook.com 2023-09-12T20:59:57.214Z 08DBB276B7E699C4]"

TOLD = [
    # pasted text, provider, row
    (f"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled. {OUTLOOK}", "", "microsoft.smtp-auth-off-tenant"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.", "microsoft365", "microsoft.smtp-auth-off-mailbox"),
    ("535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.", "microsoft365", "microsoft.security-defaults"),
    ("535 5.7.139 Authentication unsuccessful, user is locked by your organization\N{RIGHT SINGLE QUOTATION MARK}s security defaults policy.", "", "microsoft.security-defaults"),
    (f"535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. {OUTLOOK}", "", "microsoft.wrong-password"),
    ("535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.", "", "microsoft.criteria-not-met"),
    ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "outlook-com", "microsoft.basic-auth-off-login"),
    ("535 5.7.139 Authentication unsuccessful, federated STS service was unreachable.", "", "microsoft.sts-unreachable"),
    ("535 5.7.139 Authentication unsuccessful, something new", "microsoft365", "microsoft.login-refused-unnamed"),
    ("535 5.7.139", "", "microsoft.login-refused-unnamed"),
    ("535 5.7.3 Authentication unsuccessful", "microsoft365", "microsoft.login-refused"),
    ("535 5.7.3 Authentication unsuccessful", "", "any.login-failed-words"),  # Exchange on the customer's own machine says so too
    ("554 5.2.2 mailbox full", "microsoft365", "microsoft.mailbox-full"),
    ("552 5.2.2 mailbox full", "", "any.mailbox-full"),
    ("530 5.7.57 Client not authenticated to send mail.", "", "microsoft.not-logged-in"),
    ("550 5.7.30 Basic authentication is not supported for Client Submission.", "", "microsoft.basic-auth-not-supported"),
    ("5.7.60 SMTP; Client does not have permissions to send as this sender", "", "microsoft.send-as"),
    ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "", "microsoft.too-many-connections"),
    ("432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending", "", "microsoft.too-many-connections"),
    ("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "", "microsoft.submission-quota"),
    ("554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded", "", "microsoft.mailbox-full"),
    ("550 5.2.2 Submission quota exceeded", "microsoft365", "microsoft.submission-quota-message"),
    ("550 5.1.8 Access denied, bad outbound sender", "", "microsoft.account-banned"),
    ("550 5.7.705 Access denied, tenant has exceeded threshold", "", "microsoft.tenant-threshold"),
    ("550 5.7.708", "", "microsoft.address-reputation"),
    ("550 5.7.750 Client blocked from sending from unregistered domain", "", "microsoft.unregistered-domain"),
    ("550 5.7.64 TenantAttribution; Relay Access Denied", "", "microsoft.connector-mismatch"),
    ("550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization", "", "microsoft.direct-send-rejected"),
    ("451 4.7.650 Access denied, please try again later", "", "microsoft.suspicious-activity"),
    ("550 5.7.620 Access denied, banned sending IP [192.0.2.1].", "", "microsoft.address-banned"),
    ("550 5.7.515 Access denied, sending domain a.example does not meet the required authentication level.", "", "microsoft.high-volume-authentication"),
    ("421 4.7.30 Your email has been rate limited because DKIM authentication didn\N{RIGHT SINGLE QUOTATION MARK}t pass for this message. - gsmtp", "", "google.dkim-required"),
    ("534-5.7.9 Application-specific password required. For more information, go to\n534 5.7.9  https://support.google.com/ x - gsmtp", "", "google.app-password-required"),
    ("535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8  https://support.google.com/ x - gsmtp", "", "google.wrong-password"),
    ("534 5.7.14 Please log in through your web browser and then try again. - gsmtp", "", "google.web-login-required"),
    ("550 5.7.26 Unauthenticated email from club.example is not accepted due to domain's DMARC policy. - gsmtp", "", "google.dmarc-policy"),
    ("550 5.7.26 This mail has been blocked because the sender is unauthenticated. - gsmtp", "", "google.unauthenticated"),
    ("550 5.7.26 The MAIL FROM domain [a.example] has an SPF record with a hard fail policy (-all) but it fails to pass SPF checks", "google-workspace", "google.spf-hard-fail"),
    ("550 5.7.1 Invalid credentials for relay [192.0.2.1]. - gsmtp", "", "google.relay-not-registered"),
    ("550 5.4.5 Daily user sending limit exceeded. - gsmtp", "", "google.daily-limit"),
    ("454 4.7.0 Too many login attempts, please try again later. - gsmtp", "", "google.too-many-logins"),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", "", "yahoo.deferred"),
    ("450 Requested mail action not taken: Mail send limit exceeded.", "ionos", "ionos.limit"),
    ("535 5.7.8 Error: authentication failed: ", "", "any.login-failed-words"),
    ("535 5.7.8 no", "", "any.wrong-password"),
    ("535 nope", "", "any.wrong-password"),
    ("(535, b'5.7.8 Error: authentication failed')", "", "any.login-failed-words"),
    ("530 5.7.0 Must issue a STARTTLS command first", "", "any.tls-first"),
    ("530 5.7.0 Authentication Required", "", "any.login-required"),
    ("454 4.7.0 Temporary authentication failure: Connection lost to authentication server", "", "any.login-temporary"),
    ("538 5.7.11 Encryption required for requested authentication mechanism", "", "any.encryption-required"),
    ("504 5.5.4 Encryption required for requested authentication mechanism", "", "any.encryption-required"),
    ("504 5.5.4 Unrecognized authentication type", "", "any.mechanism-unknown"),
    ("503 5.5.1 Error: authentication not enabled", "", "any.login-not-offered"),
    ("553 5.7.1 <a@b.example>: Sender address rejected: not owned by user c", "", "any.sender-not-owned"),
    ("554 5.7.1 <a@b.example>: Relay access denied", "", "any.relay-denied"),
    ("550 relaying denied", "", "any.relay-denied"),
    ("450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see http://postgrey.example/", "", "any.greylisting"),
    ("451 4.7.1 Greylisting in action, please come back later", "", "any.greylisting"),
    ("450 4.2.0 try later", "", "any.mailbox-unavailable"),
    ("550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in local recipient table", "", "any.no-such-mailbox-words"),
    ("550 5.1.1 nobody", "", "any.no-such-mailbox"),
    ("552 5.3.4 Message size exceeds file system imposed limit", "", "any.too-large"),
    ("421 4.3.2 closing", "", "any.closing"),
    ("421 4.7.0 mail.b.example Error: too many connections from 192.0.2.1", "", "any.too-fast"),
    ("554 5.7.1 <client>: Client host rejected: Access denied", "", "any.login-required-words"),
    ("550 5.7.20 No passing DKIM signature found", "", "any.dkim-not-passing"),
    ("550 5.7.22 No valid author-matched DKIM signature found", "", "any.dkim-not-authors"),
    ("550 5.7.23 SPF validation failed", "", "any.spf-not-passing"),
    ("451 5.7.24 SPF validation error", "", "any.spf-error"),
    ("550 5.7.25 Reverse DNS validation failed", "", "any.reverse-name"),
    ("5.7.8 no", "", "any.wrong-password"),
    ("554 IP=192.0.2.1 - None/bad reputation. Ask your postmaster for help or to contact tobr@rx.t-online.de for reset. (NOWL)", "", "t-online.unknown-address"),
    ("554 IP=192.0.2.1 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.) (BL)", "", "t-online.blocked-address"),
    ("554: Dialup/transient IP not allowed. Use a mailgateway or contact toda@rx.t-online.de if obsolete. (DIAL)", "t-online", "t-online.dialup-address"),
    ("421 Rate limit reached. Please try again later", "ionos", "ionos.too-fast"),
    ("450 Reject due to policy violations", "", "ionos.poor-delivery"),
    ("550-Requested action not taken: mailbox unavailable\n550 Sender address is not allowed.", "ionos", "any.sender-not-allowed"),
    ("450-Requested mail action not taken: mailbox unavailable\n450 Mail send limit exceeded.", "ionos", "ionos.limit"),
    # a reply within a reply: what it all began with
    ("530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant...", "microsoft365", "microsoft.smtp-auth-off-tenant"),
    ("530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant...", "", "microsoft.smtp-auth-off-tenant"),
    ("530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 Authentication unsuccessful", "", "microsoft.login-refused-unnamed"),
    ("530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.99 who knows", "", "microsoft.not-logged-in"),  # the inner one is unknown
    ("450 4.1.1 <a@b.example>: unverified address: host mx.b.example said: 550 5.1.1 <a@b.example> nobody", "", "any.no-such-mailbox"),
    ("550 5.0.350 Remote server returned an error -> 550 5.7.26 This mail has been blocked because the sender is unauthenticated. - gsmtp", "microsoft365", "google.unauthenticated"),
    ("550 5.7.60 SMTP; Client does not have permissions to send as this sender; queued before as 250 2.0.0", "", "microsoft.send-as"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "provider", "row"), TOLD)
def test_a_reply_has_its_cause(text: str, provider: str, row: str) -> None:
    """The most demanding row that fits wins."""
    cause = classify_text(text, provider)
    assert cause is not None
    assert cause.id == row


@pytest.mark.parametrize(
    "text",
    [
        "550 hello",
        "550 Requested action not taken: mailbox unavailable",  # RFC 5321 section 4.2.3: missing, closed, or refused by policy
        "554 (BL)",
        "550 5.7.1 no",
        "554 no SMTP service here",
        "250 2.0.0 Ok: queued as 4XY",
        "5.7.30",  # two providers, two meanings, no words
        "4.7.0 no",  # "other or undefined": without a reply code it may be anything
        "5.7.1 no",
        "451 4.7.23 no",  # SPF by the standard, reverse names at Google
        "550 5.7.30 x",
        "550 5.7.26 x",
        "535 5.7.99 x",
        "554 5.2.252 SendAsDenied; a@b.example not allowed to send as c@d.example",
    ],
)
def test_an_unexplained_reply_has_no_cause(text: str) -> None:
    """A code alone, or one that two providers use differently, is not guessed at."""
    assert classify_text(text) is None


def test_the_same_code_means_what_its_provider_means() -> None:
    """5.7.30 is about passwords at Microsoft and about DKIM at Google; words of one are not believed of the other."""
    words = Reply(code=550, enhanced="5.7.30", lines=("Basic authentication is not supported for Client Submission",))
    found = classify(words, "microsoft365")
    assert found is not None
    assert found.id == "microsoft.basic-auth-not-supported"
    assert classify(words, "gmail") is None
    assert classify(Reply(code=550, enhanced="5.7.27", lines=("x",)), "microsoft365") is None
    google = classify(Reply(code=550, enhanced="5.7.27", lines=("x",)), "google-workspace")
    assert google is not None
    assert google.id == "google.spf-required"


def test_what_a_reply_answers_decides() -> None:
    """4.7.0 to AUTH is about checking passwords; the same to MAIL is not."""
    reply = Reply(code=454, enhanced="4.7.0", lines=("sorry",))
    cause = classify(reply, stage=Stage.AUTH)
    assert cause is not None
    assert cause.kind is Kind.TEMPORARY
    assert classify(reply, stage=Stage.MAIL) is None


def test_before_a_recipient_is_named_no_reply_is_about_one() -> None:
    """A full mailbox at MAIL is the sender's, and an unknown user there is nobody's recipient; from RCPT on they are."""
    full = Reply(code=552, enhanced="5.2.2", lines=("Over quota",))
    at_mail, at_rcpt = classify(full, stage=Stage.MAIL), classify(full, stage=Stage.RCPT)
    assert at_mail is not None
    assert (at_mail.id, at_mail.kind) == ("any.sender-quota", Kind.LIMIT)
    assert at_rcpt is not None
    assert at_rcpt.id == "any.mailbox-full"
    for row in causes():
        for code in row.codes or (550,):
            for words in row.fragments or ("no",):
                for status in row.enhanced or ("",):
                    reply = Reply(code=code, enhanced=status, lines=(words,))
                    for stage in (Stage.AUTH, Stage.MAIL):
                        found = classify(reply, row.provider, stage=stage)
                        assert found is None or found.kind is not Kind.RECIPIENT, row.id


def test_a_repeated_reply_may_be_about_an_earlier_step_and_not_about_a_later_one() -> None:
    """What is repeated at MAIL can be the login's, not the recipient's."""
    login = Reply(code=530, enhanced="5.7.57", lines=("Error: 535 5.7.139 Authentication unsuccessful",))
    found = classify(login, "microsoft365", stage=Stage.MAIL)
    assert found is not None
    assert found.id == "microsoft.login-refused-unnamed"
    callout = Reply(code=550, enhanced="5.1.0", lines=("Sender address rejected: host mx said: 550 5.1.1 User unknown",))
    assert classify(callout, stage=Stage.MAIL) is None


def test_every_row_can_be_shipped() -> None:
    """Each row names its source, its day and a grade above hearsay, and its sentences are sentences."""
    for row in causes():
        assert row.grade in GRADES
        assert row.source.startswith("https://"), row.id
        assert row.steps, row.id
        assert all(step.endswith((".", "$false")) for step in row.steps), row.id
        assert not row.meaning.endswith("."), row.id
        assert row.id.startswith(f"{row.provider}.") or row.provider == "any", row.id


def test_every_known_provider_has_a_family_or_none() -> None:
    """The families are reached from the ids of the provider table."""
    families = {provider_family(row.id) for row in providers()}
    assert families == {"", "microsoft", "google", "yahoo"}


@pytest.mark.parametrize(
    ("text", "code", "enhanced", "words"),
    [
        ("535 5.7.8 no", 535, "5.7.8", "no"),
        ("535-5.7.8 one\r\n535 5.7.8 two", 535, "5.7.8", "one two"),
        ("host mx.b.example[192.0.2.250] said: 550 5.1.1 <a@b.example>... unknown", 550, "5.1.1", "<a@b.example>... unknown"),
        ("Diagnostic-Code: smtp; 550-5.7.26 x", 550, "5.7.26", "x"),
        (
            "smtplib.SMTPAuthenticationError: (535, b'5.7.139 Authentication unsuccessful')",
            535,
            "5.7.139",
            "Authentication unsuccessful",
        ),
        ("5.7.60 SMTP; x", 0, "5.7.60", "SMTP; x"),
        ("550", 550, "", ""),
    ],
)
def test_pasted_replies_are_read(text: str, code: int, enhanced: str, words: str) -> None:
    """Logs, bounces and exception texts give the same reply as the wire."""
    reply = parse_reply(text)
    assert reply is not None
    assert (reply.code, reply.enhanced, " ".join(reply.text.split())) == (code, enhanced, words)


@pytest.mark.parametrize("text", ["", "hello", "587", "192.0.2.250", "version 2.535.1", "spf.multiple-records", "999 5"])
def test_text_without_a_reply_has_none(text: str) -> None:
    """Ports, addresses and check names are no replies."""
    assert parse_reply(text) is None
    assert classify_text(text) is None


def test_long_replies_are_cut_for_sentences() -> None:
    """A reply of kilobytes does not flood a title."""
    assert len(in_words(Reply(code=550, lines=("x " * 4000,)))) <= MAX_WORDS + 4
    assert in_words(Reply(code=550, enhanced="5.1.1", lines=("no such", "", "user"))) == "550 5.1.1 no such user"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["", "microsoft365", "gmail", "yahoo", "ionos"]))
def test_any_text_is_survived(text: str, provider: str) -> None:
    """Whatever is pasted, there is a cause or there is none; never an exception."""
    classify_text(text, provider)
    classify_text(f"550 5.7.1 {text}", provider)
