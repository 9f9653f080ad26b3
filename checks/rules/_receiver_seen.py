"""Weighs findings against each other: is it met what a receiver asks for, not met, or not known yet? Which findings count: _receiver_facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from checks.model import CheckResult, Finding, Status
from checks.rules._receiver_facts import FACTS, Condition, Fact
from checks.subject import DomainSubject, ServerSubject, Subject

Pair = tuple[str, Finding]
"""A check's id and what it said."""
OF_ARRIVAL = "arrival."
NOTHING = (Status.NOT_APPLICABLE, Status.NOT_RUN)


class Answer(StrEnum):
    """Whether something that is asked for is there."""

    MET = "met"
    UNMET = "not-met"
    UNKNOWN = "not-known-yet"


# --- who sends, and what is said of whom ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A server with the domains that it sends as; or a domain of which no server is known."""

    name: str
    domains: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """What findings about it are about."""
        return self.domains | {self.name}


def senders(subjects: Iterable[Subject]) -> tuple[Sender, ...]:
    """Return who sends in a run."""
    known = list(subjects)
    domains = [subject for subject in known if isinstance(subject, DomainSubject)]
    servers = [subject.server for subject in known if isinstance(subject, ServerSubject)]
    return (
        *(
            Sender(
                name=server.name,
                domains=frozenset(one.domain for one in domains if server.name in {other.name for other in one.servers}),
            )
            for server in servers
        ),
        *(Sender(name=one.domain) for one in domains if not one.servers),
    )


def _of(sender: Sender, known: Sequence[Sender], found: Iterable[Pair]) -> list[Pair]:
    """What was said of one sender; what cannot be told apart is said of everybody."""
    others = frozenset(name for one in known for name in one.names) - sender.names
    return [(check, finding) for check, finding in found if finding.about not in others]


# --- the answer -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the findings of a run say of one fact."""

    answer: Answer
    behind: tuple[str, ...] = ()
    """Codes of the findings that show it."""
    later: str = ""


def seen(name: str, results: Iterable[CheckResult], known: Sequence[Sender] = ()) -> Seen:
    """Answer for one fact. What is wrong with one sender is not met, whatever the others do; what is open with one is not known yet."""
    fact = FACTS[name]
    found = [(result.check, finding) for result in results for finding in result.findings]
    if len(known) < 2:  # everything is said of the one sender
        return _answer(fact, found)
    answers = {sender.name: _answer(fact, _of(sender, known, found)) for sender in known}
    together = all_of(answers.values())
    open_with = [sender for sender, one in answers.items() if one.answer is Answer.UNKNOWN]
    if together.answer is Answer.UNKNOWN and len(open_with) < len(known):
        return Seen(answer=Answer.UNKNOWN, later=f"{fact.later} (still open: {', '.join(open_with)})")
    return together


def _answer(fact: Fact, found: Sequence[Pair]) -> Seen:
    """A message that has arrived decides; then what DNS shows; then what is presumed."""
    of_arrival = [pair for pair in found if pair[1].code.startswith(OF_ARRIVAL)]
    others = [pair for pair in found if not pair[1].code.startswith(OF_ARRIVAL)]
    if bad := _against(fact, of_arrival):
        return Seen(answer=Answer.UNMET, behind=bad)
    if good := _for(fact, of_arrival):
        return Seen(answer=Answer.MET, behind=good)
    told = any(check in fact.better and finding.status not in NOTHING for check, finding in found)
    if bad := _against(fact, [pair for pair in others if not (told and pair[1].code in fact.presumed)]):
        return Seen(answer=Answer.UNMET, behind=bad)
    good = _for(fact, others)
    if good and not _is_open(fact, good, others):
        return Seen(answer=Answer.MET, behind=good)
    return Seen(answer=Answer.UNKNOWN, later=fact.later)


def _for(fact: Fact, found: Iterable[Pair]) -> tuple[str, ...]:
    return _codes(found, (*fact.arrived, *fact.met), fact.met_if)


def _against(fact: Fact, found: Iterable[Pair]) -> tuple[str, ...]:
    pairs = list(found)
    failed = [finding.code for check, finding in pairs if check in fact.failing and finding.status is Status.FAIL]
    return tuple(dict.fromkeys((*_codes(pairs, fact.unmet, fact.unmet_if), *failed)))


def _codes(found: Iterable[Pair], wanted: tuple[str, ...], conditions: Mapping[str, Condition]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            finding.code
            for _, finding in found
            if finding.code in wanted and (finding.code not in conditions or conditions[finding.code](finding))
        )
    )


def _is_open(fact: Fact, good: tuple[str, ...], found: Sequence[Pair]) -> bool:
    """Whether something else of the same kind could not be determined: another address, another domain."""
    asked = {check for check, finding in found if finding.code in good}
    return any(finding.code in fact.open or (check in asked and finding.status is Status.UNKNOWN) for check, finding in found)


def all_of(answers: Iterable[Seen]) -> Seen:
    """Put together facts that are all needed."""
    return _together(answers, (Answer.UNMET, Answer.UNKNOWN, Answer.MET))


def any_of(answers: Iterable[Seen]) -> Seen:
    """Put together facts of which one is enough."""
    return _together(answers, (Answer.MET, Answer.UNKNOWN, Answer.UNMET))


def _together(answers: Iterable[Seen], order: tuple[Answer, ...]) -> Seen:
    """The first answer of the order that is there decides, with everything that is behind it."""
    known = list(answers)
    answer = min((one.answer for one in known), key=order.index)
    deciding = [one for one in known if one.answer is answer]
    behind = dict.fromkeys(code for one in deciding for code in one.behind)
    later = dict.fromkeys(one.later for one in deciding if one.later)
    return Seen(answer=answer, behind=tuple(behind), later="; ".join(later))
