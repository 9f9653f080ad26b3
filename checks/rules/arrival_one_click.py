"""Recipients can leave with one click.

What it checks:
Whether a newsletter has the two lines that let a reader leave with one click (List-Unsubscribe and List-Unsubscribe-Post), whether their address can
be used, and whether a signature of your own domain covers both.

Why it matters:
Gmail and Yahoo ask for it in newsletters of everybody who sends much. Without the signature over both lines, they do not show the button, because
anybody could have added them.

How to fix it:
Let the program that makes the newsletters write both lines, with one https address, and let the server sign them: add their names to the list of
signed header lines.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.records.comparison import OneClick, one_click
from checks.rules._arrived import Came, Skip, came_in, left_out, outcome_of_nothing, shown
from checks.rules._arrived_proof import proof_of
from checks.rules._bulk import is_bulk
from checks.rules._dmarc import BULK_REFERENCE
from checks.subject import ServerSubject

COVERED = Outcome(
    code="arrival.one-click-covered",
    status=Status.PASS,
    title="{server}: the message can be unsubscribed from with one click, at {where}, and a signature of the sender covers that",
    references=("RFC 8058 section 4",),
)
MISSING = Outcome(
    code="arrival.one-click-missing",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="{server}: the message has no way to leave with one click: {what}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Let newsletters carry both lines: List-Unsubscribe with one https address, and List-Unsubscribe-Post: List-Unsubscribe=One-Click.",
        "If they are sent with both lines: find out which server on the way takes them out.",
    ),
    references=("RFC 8058 section 3.1", BULK_REFERENCE),
)
UNUSABLE = Outcome(
    code="arrival.one-click-unusable",
    status=Status.WARN,
    title="{server}: the message promises that one click is enough to leave, but {what}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "Correct the two lines: List-Unsubscribe with one https address, and List-Unsubscribe-Post: List-Unsubscribe=One-Click.",
    ),
    references=("RFC 8058 section 3.1",),
)
UNCOVERED = Outcome(
    code="arrival.one-click-uncovered",
    status=Status.WARN,
    title="{server}: the lines for leaving with one click are there, but no signature of the sender covers both, so readers do not offer it",
    owner=Owner.MAIL_ADMIN,
    steps=("Add List-Unsubscribe and List-Unsubscribe-Post to the header lines that the server signs (h= of DKIM).",),
    references=("RFC 8058 section 4",),
)
NOT_ASKED = Outcome(
    code="arrival.one-click-not-asked-for",
    status=Status.NOT_APPLICABLE,
    title="{server}: the message is no newsletter, so it needs no way to leave with one click",
)
NOT_JUDGED = outcome_of_nothing("arrival.one-click", "leaving with one click was")
NO_SIGNATURE = Skip(reason="no signature of the sender holds (see arrival.signatures and arrival.signature-alignment)")
BOTH = "both lines are missing"
NO_POST = "the line List-Unsubscribe-Post is missing"
FLAWS = {
    OneClick.NO_LIST: "the line List-Unsubscribe with the address is not there",
    OneClick.BAD_POST: "the line List-Unsubscribe-Post does not say List-Unsubscribe=One-Click",
    OneClick.NO_HTTPS: "there is no https address",
    OneClick.SEVERAL_HTTPS: "there are several https addresses",
    OneClick.DUPLICATE: "one of the two lines stands there twice",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Judge the two lines, and whether they were asked for."""
    came = came_in(subject, ev)
    if isinstance(came, Skip):
        yield left_out(NOT_JUDGED, subject, came)
        return
    proof = proof_of(came, ev)
    found = one_click(came.message, proof.signatures.results, proof.aligned)
    if found in (OneClick.UNSIGNED, OneClick.UNALIGNED) and not proof.aligned:
        yield left_out(NOT_JUDGED, subject, NO_SIGNATURE)
    else:
        yield _told(subject, came, found)


def _wanted(subject: ServerSubject) -> bool:
    """Whether this very message was to have the two lines: it was made of a template for newsletters."""
    test = subject.test
    return bool(test and test.message and test.content and test.content.unsubscribe)


def _told(subject: ServerSubject, came: Came, found: OneClick) -> Finding:
    about = subject.name
    if found is OneClick.COMPLETE:
        return COVERED(about=about, server=about, where=shown(came.message.unsubscribe.https[0]))
    if found in (OneClick.ABSENT, OneClick.NO_POST):
        absent = found is OneClick.ABSENT
        if absent and not _wanted(subject):
            return NOT_ASKED(about=about, server=about)
        what = BOTH if absent else NO_POST
        grave = _wanted(subject) or is_bulk(subject.settings.volume)
        return MISSING(about=about, server=about, what=what, status=Status.WARN if grave else Status.NOTE)
    if found in FLAWS:
        return UNUSABLE(about=about, server=about, what=FLAWS[found])
    return UNCOVERED(about=about, server=about)
