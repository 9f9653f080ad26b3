"""Settings, DNS and receiver tell the same.

What it checks:
Puts side by side what the settings say, what DNS says and what the receiver of the test message saw: the visible sender, the bounce address, who
signs and with which key, from which address the mail comes, and whether it is encrypted.

Why it matters:
Each side can be right by itself, and the mail suffers nevertheless: a provider that writes another sender, a signature with a key that nobody has
published, mail that leaves from a machine that nobody has thought of.

How to fix it:
The table shows the row in which the three differ. Correct the settings if the receiver saw what is right; otherwise correct the server or the DNS.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.triangle_shown import ShownTriangle, plain
from checks.rules._arrived import Skip, came_in, left_out, outcome_of_nothing
from checks.rules._arrived_proof import proof_of
from checks.rules._triangle import ALLOWED, DOES_NOT_HOLD, NO_SIGNATURE, Row, Told, rows_of
from checks.subject import ServerSubject

AGREED = Outcome(
    code="triangle.agreed",
    status=Status.PASS,
    title="{server}: settings, DNS and the receiver of the test message tell the same",
    also=("table",),
    volatile=("table",),
)
FROM = Outcome(
    code="triangle.from-differs",
    status=Status.WARN,
    title="{server}: recipients see the sender {receiver}, where the settings say {settings}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Find out who writes the other sender: many providers put the address of the login in its place unless the other one is confirmed there.",
        "Have {settings} allowed for this login, or name {receiver} in the settings.",
    ),
    also=("dns", "table"),
    volatile=("table",),
)
RETURN_PATH = Outcome(
    code="triangle.return-path-differs",
    status=Status.NOTE,
    weighs=(Status.WARN,),
    title="{server}: messages that cannot be delivered go back to {receiver}, where the settings say {settings}",
    owner=Owner.US,
    steps=(
        "If the provider collects what comes back, look for it there, and name its address as the return path in the settings.",
        "If not, have the server keep the return path as it is.",
    ),
    also=("dns", "table"),
    volatile=("receiver", "dns", "table"),  # some write a number into it
)
SIGNER = Outcome(
    code="triangle.signer-differs",
    status=Status.NOTE,
    title="{server}: the mail is {signed}, where {settings} is expected",
    owner=Owner.MAIL_ADMIN,
    steps=("Let the server sign as {settings}; see arrival.signatures and arrival.signature-alignment.",),
    also=("receiver", "dns", "table"),
    volatile=("table",),
)
SELECTOR = Outcome(
    code="triangle.selector-differs",
    status=Status.NOTE,
    title="{server}: the signature uses the selector {receiver}, where the settings name {settings}",
    owner=Owner.US,
    steps=("Name {receiver} as the selector in the settings, so that its key is checked from now on.",),
    also=("dns", "table"),
    volatile=("table",),
)
ADDRESS = Outcome(
    code="triangle.address-differs",
    status=Status.NOTE,
    title="{server}: the mail comes from {receiver}, where the settings lead to {settings}; DNS says of it: {dns}",
    owner=Owner.MAIL_ADMIN,
    steps=("Check {receiver} as the sending address: SPF must allow it, and it needs a reverse name (--sending-ip {receiver}).",),
    also=("table",),
    volatile=("receiver", "table"),
)
ENCRYPTION = Outcome(
    code="triangle.encryption-differs",
    status=Status.NOTE,
    title="{server}: the settings ask for encryption ({settings}), and the receiver got the message {receiver}",
    owner=Owner.MAIL_ADMIN,
    steps=("See arrival.transport: the way from you to the server is encrypted, the one from there to the receiver was not.",),
    also=("dns", "table"),
    volatile=("table",),
)
NOTHING_TO_DO = (
    "Nothing has to be done: SPF allows this address. Name it when you check the domain alone: --sending-ip and the address."
)
SEE_SIGNATURES = "See arrival.signatures: it says why the signature does not hold."
NOT_JUDGED = outcome_of_nothing("triangle.agreement", "settings, DNS and receiver were")
OUTCOMES = {
    Row.FROM: FROM, Row.RETURN_PATH: RETURN_PATH, Row.SIGNER: SIGNER,
    Row.SELECTOR: SELECTOR, Row.ADDRESS: ADDRESS, Row.ENCRYPTION: ENCRYPTION,
}  # fmt: skip


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Make the table, and tell each row in which the three differ."""
    came = came_in(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    about = subject.name
    rows = rows_of(subject, came, proof_of(came, ev), ev)
    shown = tuple(replace(row.shown, grave=_weight(row) is Status.WARN) for row in rows)
    table = plain(ShownTriangle(server=about, rows=shown))
    different = [row for row in rows if row.shown.agrees is False]
    for row in different:
        outcome, one = OUTCOMES[row.kind], row.shown
        words: dict[str, Any] = {"signed": _signed(one.receiver)} if row.kind is Row.SIGNER else {}
        yield outcome(
            about=about,
            status=_weight(row),
            steps=_instead(row),
            server=about,
            settings=one.settings,
            dns=one.dns,
            receiver=one.receiver,
            table=table,
            **words,
        )
    if not different:
        yield AGREED(about=about, server=about, table=table)


def _instead(row: Told) -> tuple[str, ...]:
    """Return the steps where those of the outcome do not fit."""
    if row.kind is Row.ADDRESS and row.shown.dns == ALLOWED:
        return (NOTHING_TO_DO,)
    return (SEE_SIGNATURES,) if row.kind is Row.SIGNER and row.shown.receiver.endswith(DOES_NOT_HOLD) else ()


def _weight(row: Told) -> Status:
    return Status.WARN if row.grave else OUTCOMES[row.kind].status


def _signed(receiver: str) -> str:
    return "not signed" if receiver == NO_SIGNATURE else f"signed as {receiver}"
