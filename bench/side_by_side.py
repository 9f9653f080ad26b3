"""Compares our verdicts about SPF and DMARC with those of checkdmarc, on the same zones on one real name server.

The zones are generated ones (tests/lab/customers.py) and the named cases of tests/hostile/dns_faults.py. What differs is printed; what it
means is written in docs/side-by-side.md. Not part of the tests: nothing is installed here.

Usage, as root: python bench/side_by_side.py PYTHON [COUNT]
PYTHON: the interpreter of a virtual environment of its own in which checkdmarc is installed. COUNT: of generated domains.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # instead of this folder, whose dns.py is not the library

from checks.engine import Run  # noqa: E402 - found by the line above
from checks.gather.dns import DnsGatherer  # noqa: E402
from checks.gather.live import Live  # noqa: E402
from checks.model import Finding  # noqa: E402
from checks.subject import of_domain  # noqa: E402
from tests.hostile.dns_faults import SENDS, cases  # noqa: E402
from tests.hostile.dns_worlds import ALARMS, NOW, domain_checks  # noqa: E402
from tests.lab.customers import customers  # noqa: E402
from tests.lab.nsd import Nsd  # noqa: E402
from tests.lab.process import LOOPBACK, Workspace, require_root  # noqa: E402

COUNT = 300
SEED = 1
AT_ONCE = 8
SHOWN = 3  # domains for each kind of difference
WIDTH = 100
NAMES = re.compile(r"\S*[0-9]\S*")  # what differs from domain to domain in their messages
KIND_WIDTH = 60
BAD_SPF = {
    "missing", "multiple-records", "misspelt-version", "record-at-wrong-name", "syntax-error", "too-many-lookups", "too-many-mx",
    "include-without-record", "include-loop", "unusable-include", "too-many-void-lookups",
}  # fmt: skip
BAD_DMARC = {
    "missing", "multiple-records", "miswritten-version", "misplaced-record", "alias-without-target", "unusable-record", "policy-missing",
    "invalid-subdomain-policy", "slips",
}  # fmt: skip
THEIRS = """
import json, sys
import checkdmarc.dmarc, checkdmarc.spf
from dns.nameserver import Do53Nameserver
job = json.load(sys.stdin)
servers = [Do53Nameserver("127.0.0.1", job["port"])]
found = {}
for domain in job["domains"]:
    found[domain] = {}
    for family, check in (("spf", checkdmarc.spf.check_spf), ("dmarc", checkdmarc.dmarc.check_dmarc)):
        try:
            found[domain][family] = check(domain, nameservers=servers, timeout=5.0)
        except Exception as error:
            found[domain][family] = {"crash": f"{type(error).__name__}: {error}"}
json.dump({"version": checkdmarc.__version__, "found": found}, sys.stdout, default=str)
"""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """One domain to be judged by both."""

    name: str
    senders: tuple[str, ...]
    about: str
    right: frozenset[str] = frozenset()
    """The alarms that are known to be right."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What one of the two says of one family."""

    valid: bool
    why: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


def named() -> Iterator[tuple[Domain, str, str]]:
    """The named cases, each in a zone of its own: club.example becomes club.k1.example, and so do all names beside it."""
    for number, case in enumerate(cases()):
        zone = f"k{number}.example"
        lines = [line for line in case.world.zone.splitlines() if "in-addr.arpa" not in line]
        text = "\n".join(lines).replace(".example", f".{zone}")
        name = case.domain.replace(".example", f".{zone}")
        origin = "" if name == zone else f"$ORIGIN {name}.\n"
        right = frozenset(case.alarms)
        yield Domain(name=name, senders=(SENDS,), about=f"case: {case.name}", right=right), zone, f"{origin}{text}"


def world(count: int) -> tuple[list[Domain], dict[str, str]]:
    """Return all domains and the zones that publish them."""
    many, zones = customers(count, SEED)
    domains = [Domain(name=one.domain, senders=one.senders, about=one.shape, right=one.alarms) for one in many]
    for domain, zone, text in named():
        domains.append(domain)
        zones[zone] = text
    return domains, zones


# --- ours ---------------------------------------------------------------------------------------------------------------


async def judged(domains: Sequence[Domain], port: int) -> dict[str, list[Finding]]:
    """Return the findings of every check for every domain."""
    found: dict[str, list[Finding]] = {}
    waiting = iter(domains)

    async def slot() -> None:
        for domain in waiting:
            subjects = of_domain(domain.name, now=NOW, sending_ips=domain.senders)
            async with Live(dns=DnsGatherer([(LOOPBACK, port)], timeout=10)) as gather:
                results = await Run(gather=gather, deadline=120).judge(domain_checks(), subjects)
            found[domain.name] = [finding for result in results for finding in result.findings]

    await asyncio.gather(*(slot() for _ in range(AT_ONCE)))
    return found


def ours(family: str, findings: Sequence[Finding]) -> View:
    """Return our verdict: whether receivers can use the record."""
    by_code = {finding.code: finding for finding in findings}
    bad = BAD_SPF if family == "spf" else BAD_DMARC
    wrong = sorted(
        code
        for code, finding in by_code.items()
        if finding.status in ALARMS and code.startswith(f"{family}.") and code.partition(".")[2] in bad
    )
    if "mx.domain-missing" in by_code:
        return View(valid=False, why="mx.domain-missing")
    facts: dict[str, object] = {}
    if family == "spf" and (within := by_code.get("spf.lookups-within-limit")):
        facts["look-ups"] = within.args["count"]
    if family == "spf" and (few := by_code.get("spf.few-void-lookups")):
        facts["void look-ups"] = few.args["count"]
    if family == "dmarc" and (parent := by_code.get("dmarc.inherited-record")):
        facts["place"] = parent.args["parent"]
    elif family == "dmarc" and (own := by_code.get("dmarc.present")):
        facts["place"] = own.args["domain"]
    return View(valid=not wrong, why=", ".join(wrong), facts=facts)


# --- theirs -------------------------------------------------------------------------------------------------------------


def theirs(python: str, domains: Sequence[Domain], port: int) -> tuple[str, dict[str, Any]]:
    """Let the other checker look at the same domains."""
    job = json.dumps({"port": port, "domains": [domain.name for domain in domains]})
    done = subprocess.run([python, "-c", THEIRS], input=job, capture_output=True, text=True, check=False)  # noqa: S603 - named by the person
    if done.returncode:
        sys.exit(f"{python} could not run checkdmarc:\n{done.stderr[-1000:]}")
    answer = json.loads(done.stdout)
    return answer["version"], answer["found"]


def view_of(family: str, said: Mapping[str, Any]) -> View:
    """Read their answer."""
    if "crash" in said:
        return View(valid=False, why=f"crash: {said['crash']}")
    error = str(said.get("error") or "")
    facts: dict[str, object] = {}
    if family == "spf" and said.get("valid"):
        facts = {"look-ups": said.get("dns_lookups"), "void look-ups": said.get("void_dns_lookups")}
    if family == "dmarc" and said.get("valid"):
        facts = {"place": said.get("location")}
    return View(valid=bool(said.get("valid")), why=error, facts=facts)


# --- the table ----------------------------------------------------------------------------------------------------------


def differences(family: str, our: View, their: View) -> Iterator[tuple[str, str]]:
    """Return what differs: a kind, and the words for it."""
    if our.valid != their.valid:
        reason = " ".join(NAMES.sub("..", their.why).split())[:KIND_WIDTH]
        kind = f"{family}: we say {'good' if our.valid else our.why}, they say {'good' if their.valid else f'invalid ({reason})'}"
        yield kind, " ".join(their.why.split())
        return
    for fact in our.facts:
        if fact in their.facts and our.facts[fact] != their.facts[fact]:
            yield f"{family}: {fact} differ", f"{our.facts[fact]} against {their.facts[fact]}"


def main() -> None:
    """Run both and print where they differ."""
    if len(sys.argv) < 2:
        print(__doc__)
        return
    require_root()
    domains, zones = world(int(sys.argv[2]) if len(sys.argv) > 2 else COUNT)
    workspace = Workspace()
    try:
        port = Nsd(workspace, zones).port
        version, other = theirs(sys.argv[1], domains, port)
        mine = asyncio.run(judged(domains, port))
    finally:
        workspace.close()
    table: dict[str, list[str]] = defaultdict(list)
    for domain in domains:
        for family in ("spf", "dmarc"):
            for kind, words in differences(family, ours(family, mine[domain.name]), view_of(family, other[domain.name][family])):
                table[kind].append(f"{domain.about[:WIDTH]}\n        {words[: 2 * WIDTH]}")
    print(f"checkdmarc {version}, {len(domains)} domains")
    for kind, rows in sorted(table.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(rows):4} x {kind}")
        for row in rows[:SHOWN]:
            print(f"      {row}")


if __name__ == "__main__":
    main()
