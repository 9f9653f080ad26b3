"""The last door before a report is written: what still holds a secret by then, by whatever way it came, is taken out, and the report says so.

A report is not dropped for that: the test message may have been sent, and nobody would learn what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from checks.evidence import from_json
from checks.gather.smtp_redact import LEFT_OUT, TOO_MUCH
from checks.probes import KINDS
from checks.secret import MASK, LeakGuard, without
from reports.model import Report

REMARK = "Words that may be a password of these settings were taken out of what is shown here; a server seems to repeat it."
NOTES = (REMARK, MASK, LEFT_OUT, TOO_MUCH)
APART = 8  # characters of a password; a shorter one stands within longer words and numbers by chance


class LeakError(Exception):
    """A finished text contains a secret that cannot be taken out. It is a bug of ours, and the text does not leave."""


def sealed(report: Report, evidence: str, guard: LeakGuard, own_words: Callable[[], str]) -> tuple[Report, str]:
    """Return report and evidence without the secrets that the guard knows. `own_words`: what stands there whatever the servers said."""
    if not guard.leaks(report.to_json()) and not guard.leaks(evidence):
        return report, evidence
    seal = _Seal(guard, own_words())
    return seal.report(report), seal.evidence(evidence)


class _Seal:
    def __init__(self, guard: LeakGuard, besides: str) -> None:
        self._guard = guard
        self._besides = besides

    def report(self, report: Report) -> Report:
        document = report.model_dump(mode="json")
        if not self._leaks(document):
            return report
        clean = self._clean(document)
        clean["vantage"]["not_tested"] = [*clean["vantage"].get("not_tested", ()), REMARK]
        try:
            made = Report.from_json(json.dumps(clean))
        except ValueError:
            raise _refused() from None
        if self._leaks(made.model_dump(mode="json")):
            raise _refused()
        return made

    def evidence(self, text: str) -> str:
        document = json.loads(text)
        rows = [self._row(row) for row in document["readings"]]
        clean = {**document, "readings": [row for row in rows if row is not None]}
        if self._leaks({**clean, "readings": [_without_message(row) for row in clean["readings"]]}):
            raise _refused()
        return json.dumps(clean, indent=1, ensure_ascii=True, allow_nan=False) + "\n"

    def _row(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """Return one question and answer; None if what is left of it is no answer any more: a mask stands where a time should."""
        if not self._leaks(_without_message(row)):
            return row
        clean: dict[str, Any] = self._clean(_without_message(row))
        if raw := _message(row):
            clean["reading"]["raw"] = raw
        try:
            from_json(json.dumps({"schema": "sendready.evidence/1", "readings": [clean]}), KINDS)
        except ValueError:
            return None
        return clean

    def _leaks(self, document: Any) -> bool:
        return any(self._guard.found(text, besides=self._besides, apart=APART) for text in _texts(document))

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return without(value, self._guard.found(value, besides=self._besides, apart=APART))
        if isinstance(value, dict):
            return {self._clean(key): self._clean(one) for key, one in value.items()}
        return [self._clean(one) for one in value] if isinstance(value, list) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _message(row: dict[str, Any]) -> str:
    return str(row["reading"].get("raw", "")) if row["kind"] == "arrival" else ""


def _without_message(row: dict[str, Any]) -> dict[str, Any]:
    """A message was looked through before, by its own measure: every word stands in some message."""
    return {**row, "reading": {key: value for key, value in row["reading"].items() if key != "raw"}} if _message(row) else row


def _refused() -> LeakError:
    return LeakError("a password was about to be written into the report; nothing was written")
