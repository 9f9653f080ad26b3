"""Questions without an answer: which of them share one reason, at whose end it lies, and what helps. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.model import Status
from reports.escape import line
from reports.model import FindingEntry
from reports.rerun import OURS

GENERIC = ("unknown", "not-run", "over-budget", "broken")  # what every check can say; the catalogue makes these outcomes
LOOK_UPS = frozenset({"port.failed-look-up"})  # a rule's own words for a name server that did not answer
_SECONDS = re.compile(r" within [\d.]+ seconds")  # wobbles from question to question

UNASKED = "not-attempted"
OUT_OF_TIME = "the time for the whole run"  # so do the engine and the gatherers say it
NOT_SAVED = "it is not in the saved evidence"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why several questions got no answer."""

    status: Status
    about: str
    """Empty where the reason lies with the world and not with what was asked about."""
    reason: str
    state: str


def is_generic(check: str, finding: FindingEntry) -> bool:
    """Whether these are the words that every check has, which do not name the check."""
    return finding.code in {f"{check}-{end}" for end in GENERIC}


def cause(check: str, finding: FindingEntry, state: str) -> Cause | None:
    """Name what a finding shares with others; None if it stands for itself."""
    reason = finding.args.get("reason")
    if not isinstance(reason, str) or not reason:
        return None
    if finding.status is Status.NOT_RUN:
        return Cause(status=finding.status, about=finding.about, reason=reason, state="")
    if finding.status is Status.UNKNOWN and (is_generic(check, finding) or finding.code in LOOK_UPS):
        return Cause(status=finding.status, about="", reason=_SECONDS.sub("", reason), state=state)
    return None


def title_of_one(check: str, name: str, finding: FindingEntry) -> str:
    """Word a finding that has only the words of every check, so that it says what was looked at (`name`, the check's title)."""
    begin = f"{finding.about}: "
    if name and is_generic(check, finding) and finding.title.startswith(begin):
        return line(f"{name} ({finding.about}): {finding.title.removeprefix(begin)}")
    return line(finding.title)


def title_of_many(shared: Cause, abouts: Sequence[str], number: int) -> str:
    """Word the one sentence for all of them."""
    if shared.status is Status.NOT_RUN:
        return line(f"{shared.about}: {number:,} points were not checked, because {shared.reason}")
    whose = f"{abouts[0]}: " if len(set(abouts)) == 1 else ""
    return line(f"{whose}{number:,} points could not be determined, because {shared.reason}")


def side(state: str) -> str:
    """Say at whose end the reason lies."""
    return SIDES.get(state, "")


SIDES: Mapping[str, str] = {
    "servfail": "The reason lies with the other side: its name server answered that it failed.",
    "refused": "The reason lies with the other side, or with what it was given: it declined.",
    "bogus": "The reason lies with the other side: what it answered does not hold.",
    "timeout": "Nobody answered in time. The reason may lie with the other side, or on the way between here and there.",
    "not-attempted": "The reason lies on this side, with this run: the question could not be asked.",
}


def advice(finding: FindingEntry, state: str, nameservers: Sequence[str]) -> tuple[str, ...] | None:
    """Return what helps where the other side never heard the question; None where the finding's own steps are right."""
    reason = str(finding.args.get("reason") or "")
    if reason.startswith(OUT_OF_TIME):
        return ("Run the check again and give it more time (--timeout SECONDS).",)
    if reason == NOT_SAVED:
        return ("Run the check anew instead of judging saved evidence, so that it is asked.",)
    if reason.startswith("the name server ") or probe_of(finding).startswith("dns "):
        return _advice_on_names(state, [server for server in nameservers if server != OURS])
    if state != UNASKED or knows_better(finding):
        return None
    return ("Check the network of this computer, then run the check again.",)


def knows_better(finding: FindingEntry) -> bool:
    """Whether these are a rule's own words and steps, not those that every check has: it knows why nothing could be asked."""
    return (
        bool(finding.remedy and finding.remedy.steps)
        and finding.code.rpartition("-")[2] not in GENERIC
        and finding.code not in LOOK_UPS
    )


def _advice_on_names(state: str, named: Sequence[str]) -> tuple[str, ...] | None:
    if state == "timeout" and named:
        return (
            f"Check that {_listed(named)} (given with --nameserver) is a name server and can be reached from here, or leave --nameserver out.",
            "If it is right, run the check again later.",
        )
    if state != UNASKED:
        return None
    if named:
        return (
            f"Check the address given with --nameserver ({_listed(named)}), or leave it out to ask the system's name servers.",
            "If it is right, check the network here, then run the check again.",
        )
    return ("Check the network of this computer and its name servers, then run the check again.",)


def advice_for_many(shared: Cause, nameservers: Sequence[str], first: FindingEntry) -> tuple[str, ...]:
    """Return what helps for all of them at once."""
    if shared.status is Status.NOT_RUN:
        return ()
    return advice(first, shared.state, nameservers) or (
        'Run the check again later; if it stays so, show the answers under "how we know" to whoever runs the server that was asked.',
    )


def probe_of(finding: FindingEntry) -> str:
    """Return the id of the question that got no answer."""
    return str(finding.args.get("probe") or (finding.consulted[-1] if finding.consulted else ""))


def _listed(names: Sequence[str]) -> str:
    return line(", ".join(names[:5]), 300)
