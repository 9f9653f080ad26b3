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


ROLLING = (
    Limit(name="minute", count=120, window=Sliding(seconds=60)),
    Limit(name="day", count=150_000, unit=Unit.RECIPIENTS, window=Sliding(seconds=86_400)),
)
HOURLY = (*ROLLING, Limit(name="hour", count=7_100, window=Calendar(every=Every.HOUR, zone="Europe/Berlin")))
"""The hour interrupts the minutes 167 times: the hardest that a provider of our tables could ask for."""


def week(recipients: int, limits: tuple[Limit, ...]) -> Plan:
    """A mailing that takes a week over three connections, across the end of summer time."""
    letter = Mailing(
        name="letter",
        channel="main",
        start=datetime.fromisoformat("2026-10-21 09:00"),
        zone="Europe/Berlin",
        recipients=recipients,
    )
    return Plan(mailings=(letter,), channels=(Channel(name="main", connections=3, milliseconds=700),), limits=limits)


def measure(recipients: int, limits: tuple[Limit, ...]) -> float:
    """Return the seconds of computing that one simulation takes."""
    plan = week(recipients, limits)
    began = time.process_time()
    result = simulate(plan)
    took = time.process_time() - began
    assert result.mailings[0].complete
    return took


def main() -> None:
    """Run both for both kinds of limits and print the ratios."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else RECIPIENTS
    for name, limits in (("rolling minute and day", ROLLING), ("and a calendar hour", HOURLY)):
        rounds = [(measure(many, limits), measure(SMALL, limits)) for _ in range(ROUNDS)]
        large, small = min(large for large, _ in rounds), min(small for _, small in rounds)
        print(
            f"{name}: {many:,} recipients {large:.3f} s ({'less' if large < SECONDS else 'more'} than {SECONDS:g} s), {SMALL:,} {small:.4f} s: "
            f"{many / SMALL:.0f} times the recipients, {large / small:.1f} times the time   ratio: {many / SMALL / (large / small):.1f}"
        )


if __name__ == "__main__":
    main()
