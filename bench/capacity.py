"""Measures how the cost of simulating a plan grows with the number of recipients: 1,000,000 over a week against 10,000.

Both run in turns, best of three. A simulation that looked at every message would take a hundred times as long for a hundred times as many.
Usage: python -m bench.capacity [RECIPIENTS]
"""

from __future__ import annotations

import sys
import time
from datetime import datetime

from checks.capacity.model import Calendar, Channel, Every, Limit, Mailing, Plan, Sliding, Unit
from checks.capacity.simulate import simulate

RECIPIENTS = 1_000_000
SMALL = 10_000
ROUNDS = 3
SECONDS = 2.0  # what a person waits for without a thought


def week(recipients: int) -> Plan:
    """A mailing that takes a week: three connections, limits by minute and rolling day, and one by the calendar hour."""
    letter = Mailing(
        name="letter",
        channel="main",
        start=datetime.fromisoformat("2026-10-21 09:00"),
        zone="Europe/Berlin",
        recipients=recipients,
    )  # across the end of summer time
    limits = (
        Limit(name="minute", count=120, window=Sliding(seconds=60)),
        Limit(name="hour", count=7_100, window=Calendar(every=Every.HOUR, zone="Europe/Berlin")),
        Limit(name="day", count=150_000, unit=Unit.RECIPIENTS, window=Sliding(seconds=86_400)),
    )
    return Plan(mailings=(letter,), channels=(Channel(name="main", connections=3, milliseconds=700),), limits=limits)


def measure(recipients: int) -> float:
    """Return the seconds that one simulation takes."""
    plan = week(recipients)
    began = time.perf_counter()
    result = simulate(plan)
    took = time.perf_counter() - began
    assert result.mailings[0].complete
    return took


def main() -> None:
    """Run both and print the ratio."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else RECIPIENTS
    rounds = [(measure(many), measure(SMALL)) for _ in range(ROUNDS)]
    large, small = min(large for large, _ in rounds), min(small for _, small in rounds)
    print(
        f"{many:,} recipients: {large:.3f} s ({'less' if large < SECONDS else 'more'} than {SECONDS:g} s)   {SMALL:,} recipients: {small:.4f} s   "
        f"{many / SMALL:.0f} times the recipients, {large / small:.1f} times the time   growth ratio: {large / small / (many / SMALL):.2f}"
    )


if __name__ == "__main__":
    main()
