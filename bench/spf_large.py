"""Measures what a hostile SPF record costs: ten includes, each as long as DNS can carry, and twenty sending addresses.

Usage: python -m bench.spf_large
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # instead of this folder, whose dns.py is not the library

from checks.catalogue import select  # noqa: E402 - found by the line above
from checks.engine import Run  # noqa: E402
from checks.subject import DomainSubject  # noqa: E402
from tests.fakes.spf_large import INCLUDES, TERMS, zone  # noqa: E402
from tests.fakes.zone import ZoneWorld  # noqa: E402

ADDRESSES = 20


async def _judge(world: ZoneWorld) -> None:
    addresses = tuple(f"198.51.100.{number}" for number in range(1, ADDRESSES + 1))
    subject = DomainSubject(domain="club.example", now=datetime(2026, 11, 23, tzinfo=UTC), sending_ips=addresses)
    await Run(gather=world).judge(select(["spf"]), [subject])


def main() -> None:
    """Print the seconds of processor time."""
    world, checks = ZoneWorld(zone()), len(select(["spf"]))
    began = time.process_time()
    asyncio.run(_judge(world))
    print(
        f"{checks} checks, {INCLUDES * TERMS:,} terms, {ADDRESSES} addresses: {time.process_time() - began:.2f} s of processor time"
    )


if __name__ == "__main__":
    main()
