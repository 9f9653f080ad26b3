"""Sample reports for tests: a customer with typical faults (every status occurs), a healthy one, and a benign one to be poisoned.

Hand-made and fixed in every byte, so that golden files do not change with the wording of a rule.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from checks.evidence import State
from checks.model import Action, CheckResult, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import (
    CertificateFacts,
    DnsProbe,
    DnsReading,
    DnsRecord,
    Reply,
    SmtpProbe,
    SmtpReading,
    Stage,
    SubmissionProbe,
    SubmissionReading,
    TlsFacts,
    TranscriptLine,
)
from checks.settings import Auth, Security, Settings, parse
from reports.dispatcher import normal_form
from reports.manual import Page
from reports.model import Report, build
from reports.observations import describe

TAKEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOOL = "sendready 0.1.0"
KEY = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" * 8 + "IDAQAB"

PAGES = {
    "spf.record": Page(
        title="SPF record is there, once",
        why="The SPF record lists the servers that may send for the domain. With two records receivers must treat both as broken, "
        "and large receivers refuse the mail or put it into the spam folder.",
        of="domain",
    ),
    "dkim.key": Page(
        title="DKIM key",
        why="Without the public key in DNS, receivers cannot check the signature, and treat the mail as unsigned.",
        of="domain",
    ),
    "dmarc.record": Page(
        title="DMARC record",
        why="Large receivers ask bulk senders to publish this record; it also tells you who sends in your name.",
        of="domain",
    ),
    "settings.test-mode": Page(title="Test mode", why="While test mode is on, no real recipient gets anything.", of="settings"),
    "office365.basic-auth": Page(
        title="Basic authentication",
        why="Microsoft turns off logging in with user name and password; then sending stops from one day to the next.",
        of="server",
    ),
    "tls.certificate": Page(
        title="Certificate", why="The certificate proves that the password goes to the right server.", of="server"
    ),
}


def manual(check: str) -> Page | None:
    return PAGES.get(check)


def outcome(code: str, status: Status, title: str, **more: Any) -> Outcome:
    return Outcome(code=code, status=status, title=title, **more)


TXT = DnsProbe("club.example", "TXT")
SELECTOR = DnsProbe("s1._domainkey.club.example", "TXT")
DMARC = DnsProbe("_dmarc.club.example", "TXT")
MX = DnsProbe("club.example", "MX")
PTR = DnsProbe("10.2.0.192.in-addr.arpa", "PTR")
TALK = SmtpProbe(host="smtp.office365.com", address="192.0.2.10", port=587, security=Security.STARTTLS)
LOGIN = SubmissionProbe(
    host="smtp.office365.com", address="192.0.2.10", port=587, security=Security.STARTTLS, auth=Auth.LOGIN, username="office@club.example",
    mail_from="office@club.example", rcpt_to="qa@tester.example", message="sr-7f3a",
)  # fmt: skip

OLD_SPF = ["v=spf1 include:spf.protection.outlook.com -all", "v=spf1 mx a:old.club.example ~all"]
NEW_SPF = "v=spf1 mx a:old.club.example include:spf.protection.outlook.com ~all"


def readings() -> dict[Any, Any]:
    greeting = Reply(code=220, lines=("AM6PR.example.prod.outlook.com Microsoft ESMTP MAIL Service ready",))
    certificate = CertificateFacts(
        subject="CN=outlook.com", issuer="CN=DigiCert Cloud Services CA-1", names=("outlook.com", "*.office365.com"), not_before="2026-06-01T00:00:00+00:00",
        not_after="2027-06-01T23:59:59+00:00", key_type="RSA", key_bits=2048, signature="sha256", self_issued=False, sha256="5f" * 32,
    )  # fmt: skip
    tls = TlsFacts(verified=True, version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", certificate=certificate)
    opening = (
        TranscriptLine(direction="S", text="220 AM6PR.example.prod.outlook.com Microsoft ESMTP MAIL Service ready"),
        TranscriptLine(direction="C", text="EHLO dispatcher.club.example"),
        TranscriptLine(direction="S", text="250-AM6PR.example.prod.outlook.com Hello [198.51.100.7]"),
        TranscriptLine(direction="S", text="250-SIZE 157286400"),
        TranscriptLine(direction="S", text="250 STARTTLS"),
        TranscriptLine(direction="C", text="STARTTLS"),
        TranscriptLine(direction="S", text="220 2.0.0 SMTP server ready"),
        TranscriptLine(direction="*", text="TLS handshake: TLSv1.3"),
    )
    login = (
        TranscriptLine(direction="C", text="AUTH LOGIN [secret]"),
        TranscriptLine(direction="S", text="235 2.7.0 Authentication successful"),
        TranscriptLine(direction="C", text="MAIL FROM:<office@club.example>"),
        TranscriptLine(direction="S", text="250 2.1.0 Sender OK"),
        TranscriptLine(direction="C", text="RCPT TO:<qa@tester.example>"),
        TranscriptLine(direction="S", text="250 2.1.5 Recipient OK"),
    )
    return {
        TXT: DnsReading(state=State.OK, records=tuple(DnsRecord(value=text, strings=(text,), ttl=3600) for text in OLD_SPF), server="192.0.2.53:53"),
        SELECTOR: DnsReading(state=State.NXDOMAIN, negative_ttl=900, server="192.0.2.53:53"),
        DMARC: DnsReading(state=State.NODATA, negative_ttl=900, server="192.0.2.53:53"),
        MX: DnsReading(state=State.OK, records=(DnsRecord(value="club-example.mail.protection.outlook.com", preference=0, ttl=3600),), server="192.0.2.53:53"),
        PTR: DnsReading(state=State.SERVFAIL, server="192.0.2.53:53"),
        TALK: SmtpReading(state=State.OK, stage=Stage.QUIT, greeting=greeting, tls=tls, capabilities=("SIZE 157286400", "AUTH LOGIN XOAUTH2"), transcript=opening),
        LOGIN: SubmissionReading(
            state=State.OK, stage=Stage.MESSAGE, greeting=greeting, tls=tls, mechanism="LOGIN", auth=Reply(code=235, enhanced="2.7.0", lines=("Authentication successful",)),
            mail=Reply(code=250, enhanced="2.1.0", lines=("Sender OK",)), rcpt=Reply(code=250, enhanced="2.1.5", lines=("Recipient OK",)),
            accepted=Reply(code=250, enhanced="2.0.0", lines=("OK <sr-7f3a@club.example> Queued mail for delivery",)), message_id="sr-7f3a@club.example",
            transcript=(*opening, *login),
        ),
    }  # fmt: skip


def say(check: str, *findings: Finding, consulted: tuple[Any, ...] = ()) -> CheckResult:
    return CheckResult(
        check=check, findings=tuple(replace(finding, consulted=tuple(probe.id for probe in consulted)) for finding in findings)
    )


def faults() -> list[CheckResult]:
    """What was found at a customer where every status occurs, given in no order."""
    dns, us, mail, provider = Owner.DNS_ADMIN, Owner.US, Owner.MAIL_ADMIN, Owner.PROVIDER
    spf = outcome(
        "spf.multiple-records", Status.FAIL, "{domain} publishes {count} SPF records; receivers accept exactly one", owner=dns,
        steps=("Replace the {count} records by the one below, and keep no second one.",), references=("RFC 7208 section 4.5",), also=("published",),
    )  # fmt: skip
    dkim = outcome(
        "dkim.key-missing", Status.FAIL, "{domain} publishes no DKIM key under the selector {selector}", owner=dns,
        steps=("Add the TXT record below.", "If the panel splits long values by itself, paste the whole value; otherwise paste it in parts."),
        references=("RFC 6376 section 3.6.2",),
    )  # fmt: skip
    dmarc = outcome(
        "dmarc.missing", Status.WARN, "{domain} publishes no DMARC record", owner=dns, steps=("Add the TXT record below.",),
        references=("RFC 9989 section 4", "https://support.google.com/a/answer/81126"),
    )  # fmt: skip
    retired = outcome(
        "office365.basic-auth-ends", Status.WARN, "Microsoft turns off this way of logging in at the end of December 2026", owner=mail,
        steps=("Register an application for SMTP in Microsoft Entra.", "Tell your support contact its name, so that the dispatcher can log in with it."),
        references=("https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online",),
    )  # fmt: skip
    test_mode = outcome(
        "settings.test-mode-on", Status.FAIL, "Test mode is on: all mail goes to {address}", owner=us,
        steps=("When testing is over, switch it off: sendready test-mode off",),
    )  # fmt: skip
    limit = outcome(
        "office365.limit-above-provider", Status.WARN, "The sending limit of {limit} per day is above the {theirs} that Microsoft 365 allows", owner=us,
        steps=("Set the limit of this server to {theirs} per day or less.",),
    )  # fmt: skip
    relay = outcome("reverse.name-generic", Status.WARN, "192.0.2.10 has a reverse name that looks like a dial-up line", owner=provider,
                    steps=("Ask the provider to give 192.0.2.10 a reverse name of its own.",), references=("RFC 1912 section 2.1",))  # fmt: skip
    unknown = outcome(
        "reverse.name-unknown", Status.UNKNOWN, "{subject}: could not be determined, because {reason}", owner=us, also=("probe",),
        steps=("Run the check again later.",),
    )  # fmt: skip
    passed = Status.PASS
    return [
        say("send.message", outcome("send.accepted", passed, "The server accepted the test message; accepted is not yet delivered")(about="Office 365"), consulted=(LOGIN,)),
        say("spf.record", spf(about="club.example", domain="club.example", count=2, published=OLD_SPF,
            records=[DnsChange(action=Action.REPLACE, name="club.example", type="TXT", value=NEW_SPF)]), consulted=(TXT,)),
        say("dkim.key", dkim(about="club.example", domain="club.example", selector="s1",
            records=[DnsChange(action=Action.ADD, name="s1._domainkey.club.example", type="TXT", value=KEY)]), consulted=(SELECTOR,)),
        say("dmarc.record", dmarc(about="club.example", domain="club.example",
            records=[DnsChange(action=Action.ADD, name="_dmarc.club.example", type="TXT", value="v=DMARC1; p=none; rua=mailto:dmarc@club.example")]), consulted=(DMARC,)),
        say("mx.record", outcome("mx.present", passed, "club.example receives mail at Microsoft 365")(about="club.example"), consulted=(MX,)),
        say("reverse.name", unknown(about="192.0.2.10", subject="192.0.2.10", reason="the name server answered that it failed (SERVFAIL)", probe=PTR.id),
            relay(about="192.0.2.10"), consulted=(PTR,)),
        say("port.open", outcome("port.answers", passed, "smtp.office365.com answers on port 587 and speaks STARTTLS")(about="Office 365"), consulted=(TALK,)),
        say("tls.certificate", outcome("tls.certificate-good", passed, "The certificate of smtp.office365.com holds until 1 June 2027")(about="Office 365"), consulted=(TALK,)),
        say("tls.version", outcome("tls.version-old", Status.NOTE, "smtp.office365.com also accepts TLS 1.2, beside 1.3")(about="Office 365"), consulted=(TALK,)),
        say("auth.accepted", outcome("auth.accepted", passed, "The server accepted the login of office@club.example")(about="Office 365"), consulted=(LOGIN,)),
        say("office365.basic-auth", retired(about="Office 365"), consulted=(LOGIN,)),
        say("office365.daily-limit", limit(about="Office 365", limit=20_000, theirs=10_000)),
        say("settings.test-mode", test_mode(about="settings", address="qa@tester.example")),
        say("settings.default", outcome("settings.one-default", passed, "Exactly one server is the default")(about="settings")),
        say("sender.accepted", outcome("sender.accepted-not-run", Status.NOT_RUN, "Second server: not checked, because logging in was not allowed")(about="Second")),
        say("office365.tenant-limit", outcome("office365.no-bulk", Status.NOT_APPLICABLE, "No bulk mailing is planned; the tenant's limit is out of reach")(about="Office 365")),
        say("zz.broken", outcome("zz.broken-broken", Status.BROKEN, "club.example: sendready has a bug here; the other checks stand", owner=us,
            steps=("Please send us the evidence file and the lines that sendready printed.",))(about="club.example")),
    ]  # fmt: skip


def settings() -> Settings:
    return parse(
        {
            "test_mode": {"enabled": True, "redirect_to": "qa@tester.example"},
            "volume": {"recipients_per_mailing": 4000, "mailings_per_week": 2, "licences": 25},
            "blocklist": [{"pattern": "@competitor.example", "reason": "asked not to be written to"}],
            "servers": [
                {
                    "name": "Office 365", "default": True, "filter": ["@club.example"], "host": "smtp.office365.com", "port": 587, "security": "starttls",
                    "sender": {"name": "Club Beispiel", "email": "office@club.example", "reply_to": "front@club.example"}, "auth": "login",
                    "username": "office@club.example", "password": {"source": "file", "ref": "smtp.password"},
                    "limit": {"max": 20000, "per": "day", "unit": "recipients"}, "selectors": ["s1"],
                },
                {"name": "Second", "host": "mail.club.example", "port": 465, "security": "implicit-tls", "auth": "none", "sender": {"email": "news@club.example"}},
            ],
        }
    )  # fmt: skip


def subject() -> dict[str, Any]:
    keys = {
        "name",
        "host",
        "port",
        "security",
        "auth",
        "username",
        "password",
        "sender",
        "filter",
        "limit",
        "selectors",
        "default",
    }
    servers = [
        {key: value for key, value in server.items() if key in keys and value} for server in normal_form(settings())["servers"]
    ]
    return {
        "kind": "settings", "name": "settings.toml", "domains": ["club.example"], "servers": servers, "settings_digest": "0" * 64, "test_mode": True,
        "test_message": {"to": "qa@tester.example", "id": "sr-7f3a"}, "selectors": ["s1"],
    }  # fmt: skip


def vantage() -> dict[str, Any]:
    return {
        "nameservers": ["192.0.2.53:53"],
        "allowed": ["look", "login", "send"],
        "port_map": {},
        "ca_file": False,
        "deadline_seconds": 60,
        "observations": {probe.id: describe(probe, reading) for probe, reading in readings().items()},
        "not_tested": [
            "Whether the test message arrived: nobody looked into the mailbox.",
            "Block lists: they were not asked in this run.",
        ],
    }


TABLES = [{"name": "providers", "checked": "2026-11-23"}, {"name": "limits", "checked": "2026-11-20"}]


def customer() -> Report:
    """A customer who is not ready; every status occurs."""
    return build(results=faults(), tool=TOOL, taken_at=TAKEN, subject=subject(), vantage=vantage(), tables=TABLES)


def healthy() -> Report:
    """A domain where all is well."""
    good = [result for result in faults() if result.status in (Status.PASS, Status.NOT_APPLICABLE)]
    about = {
        "kind": "domain",
        "name": "club.example",
        "domains": ["club.example"],
        "servers": [],
        "settings_digest": "",
        "test_mode": False,
        "test_message": None,
    }
    frame = vantage() | {"allowed": ["look"], "not_tested": ["Logging in and sending: no settings were given, only a domain."]}
    return build(
        results=[result for result in good if not result.check.startswith("send.")],
        tool=TOOL,
        taken_at=TAKEN,
        subject=about,
        vantage=frame,
        tables=TABLES,
    )


def unanswered() -> Report:
    """A name server where nothing listens and a port that is closed: many questions, two reasons."""
    reason = "the name server 127.0.0.1:5399 cannot be asked: nothing listens there"
    closed = "no connection to it came about"
    unknown = "{subject}: could not be determined, because {reason}"
    results = [
        CheckResult(
            check=check,
            findings=(
                replace(
                    outcome(
                        f"{check}-unknown", Status.UNKNOWN, unknown, owner=Owner.US, steps=("Show it to them.",), also=("probe",)
                    )(about="club.example", subject="club.example", reason=reason, probe=TXT.id),
                    consulted=(TXT.id,),
                ),
            ),
        )
        for check in ("spf.record", "spf.syntax", "dkim.key", "dmarc.record")
    ]
    results += [
        CheckResult(
            check=check,
            findings=(
                outcome(f"{check}-not-tried", Status.NOT_RUN, "{what} not checked, because {reason}")(
                    about="Second", what=check, reason=closed
                ),
            ),
        )
        for check in ("tls.version", "tls.certificate", "auth.accepted", "send.accepted")
    ]
    seen = describe(TXT, DnsReading(state=State.NOT_ATTEMPTED, detail=reason))
    frame = vantage() | {"nameservers": ["127.0.0.1:5399"], "observations": {TXT.id: seen}, "allow_private": True}
    return build(results=results, tool=TOOL, taken_at=TAKEN, subject=subject(), vantage=frame, tables=TABLES)
