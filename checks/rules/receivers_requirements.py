"""Large receivers take your mail.

What it checks:
Gmail, Yahoo, Outlook.com, iCloud, T-Online, GMX, WEB.DE and laposte.net say publicly what they ask of those who send to them. Each of these
requirements is compared with what the other checks found. Whether you count as a bulk sender, of whom more is asked, comes from the planned
volume.

Why it matters:
These companies hold most of the private mailboxes. What does not meet their rules is refused or lands in the spam folder, however well the
server works.

How to fix it:
The table names the finding behind each requirement that is not met; that finding says what to do. What is not known yet mostly shows in a
test message that has arrived.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from checks.model import CheckResult, Finding, Outcome, Owner, Status
from checks.rules._bulk import Bulk, bulk, busiest
from checks.rules._receiver_facts import FACTS
from checks.rules._receiver_seen import Answer, Seen, Sender, all_of, any_of, seen, senders
from checks.settings import Volume
from checks.subject import DomainSubject, SettingsSubject, Subject
from checks.tables.receivers import Receiver, Requirement, receivers

INFORMATIONAL = True  # what is wrong has been told by the check that found it
ABOUT = "receivers"
NEEDED = ("spf.record", "spf.authorisation", "dkim.key", "dmarc.record")

OPEN = Outcome(
    code="receivers.requirements-open",
    status=Status.NOTE,
    title="Nothing that {receivers} publish as their requirements is known to be missing; what is still open shows in a message that has arrived, or at the receiver",
    also=("table",),
)
MISSING = Outcome(
    code="receivers.requirements-missing",
    status=Status.NOTE,
    title="Some large receivers ask for what is not there yet: {receivers}. Missing: {missing}",
    owner=Owner.US,
    steps=("See the table of receivers; the finding behind each line says what to do.",),
    also=("table",),
)
LEFT_OUT = Outcome(
    code="receivers.checks-left-out",
    status=Status.NOT_APPLICABLE,
    title="Whether large receivers take your mail was not put together, because checks of SPF, DKIM or DMARC were left out of this run",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One requirement of one receiver, as the table has it."""

    id: str
    what: str
    who: str
    applies: str
    """yes, no, or perhaps: nobody said how much is going to be sent, or the receiver gives no number, or it is for newsletters only."""
    newsletters: bool
    state: str
    behind: tuple[str, ...]
    later: str
    effect: str
    since: str
    since_words: str
    note: str
    sources: tuple[str, ...]
    source_date: str
    checked: str


def conclude(subjects: Sequence[Subject], results: Sequence[CheckResult]) -> Iterator[Finding]:
    """Compare each requirement with what was found."""
    if not {result.check for result in results} >= set(NEEDED):
        yield LEFT_OUT(about=ABOUT)
        return
    volume, now = _volume(subjects), subjects[0].now
    judge = _Judge(results=results, known=senders(subjects))
    rows = [(receiver, _lines(receiver, volume, now, judge)) for receiver in receivers()]
    table = {"rows": [_row(receiver, lines, volume) for receiver, lines in rows]}
    lacking = {receiver.name: _of(lines, Answer.UNMET) for receiver, lines in rows}
    if named := [name for name, lines in lacking.items() if lines]:
        ids = {line.id for lines in lacking.values() for line in lines}
        facts = dict.fromkeys(
            fact for receiver, _ in rows for row in receiver.requirements if row.id in ids for fact in row.facts
        )
        missing = dict.fromkeys(FACTS[fact].noun for fact in facts if judge.fact(fact).answer is Answer.UNMET)
        yield MISSING(about=ABOUT, receivers=named, missing=list(missing), table=table)
    else:  # complaints of recipients never show from here, so that nothing is ever certain
        yield OPEN(about=ABOUT, receivers=[receiver.name for receiver, _ in rows], table=table)


def _volume(subjects: Sequence[Subject]) -> Volume:
    for subject in subjects:
        if isinstance(subject, SettingsSubject):
            return subject.settings.volume
        if isinstance(subject, DomainSubject):
            return subject.volume
    return Volume()


def bulk_at(receiver: Receiver, volume: Volume) -> Bulk:
    """Say whether the plan makes the sender a bulk sender there. How many of the recipients are there is not known; all are counted."""
    return bulk(volume, receiver.threshold, beyond=receiver.beyond)


def _bulk_words(receiver: Receiver, volume: Volume) -> str:
    """Say from what that follows."""
    day, answer = busiest(volume), bulk_at(receiver, volume)
    if not receiver.differs or receiver.threshold is None:
        return receiver.bulk
    begins = f"{'above' if receiver.beyond else 'from'} {receiver.threshold:,} a day{'' if receiver.beyond else ' on'} you count as one"
    if answer is Bulk.YES:
        return f"{day.least:,} messages are planned for the busiest day, and {begins}"
    if day.most is None:
        return f"it is not known how much is going to be sent; {begins}"
    return f"at most {day.most:,} messages are to be expected on a day within a year, and {begins}"


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """What a run has found, and for whom."""

    results: Sequence[CheckResult]
    known: tuple[Sender, ...]

    def of(self, row: Requirement) -> Seen:
        """Answer for one requirement."""
        return (all_of if row.needs == "all" else any_of)(self.fact(name) for name in row.facts)

    def fact(self, name: str) -> Seen:
        return seen(name, self.results, self.known)


def _lines(receiver: Receiver, volume: Volume, now: datetime, judge: _Judge) -> list[Line]:
    return [_line(row, bulk_at(receiver, volume), judge.of(row)) for row in receiver.requirements if row.in_force(now)]


def _line(row: Requirement, is_bulk: Bulk, found: Seen) -> Line:
    applies = Bulk.YES if row.who == "all" else is_bulk
    return Line(
        id=row.id,
        what=row.what,
        who=row.who,
        applies=str(Bulk.PERHAPS if applies is Bulk.YES and row.newsletters else applies),
        newsletters=row.newsletters,
        state=found.answer.value,
        behind=found.behind,
        later=found.later,
        effect=row.effect,
        since=row.since.isoformat() if row.since else "",
        since_words=row.since_words,
        note=row.note,
        sources=row.sources,
        source_date=row.source_date,
        checked=row.checked.isoformat(),
    )


def _of(lines: Sequence[Line], answer: Answer) -> list[Line]:
    """The lines with an answer that concern this sender, or may."""
    return [line for line in lines if line.state == answer.value and line.applies != "no"]


def _row(receiver: Receiver, lines: Sequence[Line], volume: Volume) -> dict[str, Any]:
    return {
        "receiver": receiver.id,
        "name": receiver.name,
        "bulk": str(bulk_at(receiver, volume)) if receiver.differs else "",
        "bulk_means": receiver.bulk,
        "bulk_words": _bulk_words(receiver, volume),
        "missing": [line.what for line in _of(lines, Answer.UNMET)],
        "open": [line.what for line in _of(lines, Answer.UNKNOWN)],
        "requirements": [asdict(line) for line in lines],
    }
