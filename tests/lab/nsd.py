"""A real NSD on a free loopback port. It answers for the zones that it was given and asks nobody else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from . import zones as zone_text
from .process import LOOPBACK, LabError, Server, Workspace, on_free_ports, program

ANSWER_SECONDS = 0.1
USER = "nsd"
ABSENT_FILE = ".zone does not exist"  # what NSD logs for zones.BROKEN


class Nsd:
    """A running name server. `address` is what `--nameserver` takes."""

    def __init__(self, workspace: Workspace, zones: Mapping[str, str], *, root_zone: bool = True) -> None:
        self._workspace = workspace
        self._root_zone = root_zone
        self._program = program("nsd")
        self._folder = workspace.folder("nsd")
        shutil.chown(self._folder, USER)
        self._write_zones(zones)
        self.port, self._server = on_free_ports(1, lambda ports: (ports[0], self._start(ports[0])))

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def reload(self, zones: Mapping[str, str]) -> None:
        """Serve these zones from now on, at the same address."""
        self.stop()
        self._write_zones(zones)
        self._server = self._start(self.port)

    def stop(self) -> None:
        self._server.stop()

    def _write_zones(self, zones: Mapping[str, str]) -> None:
        self._zones = zone_text.with_root(zones) if self._root_zone else dict(zones)
        for name, text in self._zones.items():
            path = self._folder / _file_name(name)
            path.unlink(missing_ok=True)
            if text != zone_text.BROKEN:
                path.write_text(zone_text.render(name, text), encoding="utf-8")

    def _start(self, port: int) -> Server:
        config = self._folder / "nsd.conf"
        config.write_text(_config(self._folder, port, self._zones), encoding="utf-8")
        (self._folder / "nsd.log").unlink(missing_ok=True)
        server = self._workspace.start("nsd", [self._program, "-d", "-c", str(config)], folder=self._folder)
        server.wait_ready(lambda: answers(port, next(iter(self._zones), ".")))
        _require_loaded(server)
        return server


def answers(port: int, name: str) -> bool:
    """Whether the server on this port answers at all."""
    try:
        dns.query.udp(dns.message.make_query(name, "SOA"), LOOPBACK, port=port, timeout=ANSWER_SECONDS)
    except (dns.exception.DNSException, OSError):
        return False
    return True


def _require_loaded(server: Server) -> None:
    problems = [line for line in server.log_text().splitlines() if "error:" in line and ABSENT_FILE not in line]
    if problems:
        server.stop()
        raise LabError("NSD does not accept a zone (for one that shall not load use zones.BROKEN):\n" + "\n".join(problems))


def _file_name(zone: str) -> str:
    bare = zone.lower().rstrip(".").replace("/", "%2f")  # RFC 2317 names contain slashes
    return f"{bare or 'root'}.zone"


def _config(folder: Path, port: int, zones: Mapping[str, str]) -> str:
    server = f"""\
        server:
          ip-address: {LOOPBACK}@{port}
          username: {USER}
          chroot: ""
          zonesdir: "{folder}"
          database: ""
          pidfile: ""
          xfrdir: "{folder}"
          xfrdfile: "{folder}/xfrd.state"
          zonelistfile: "{folder}/zone.list"
          server-count: 1
          do-ip6: no
          tcp-count: 100
          ipv4-edns-size: 1232
          refuse-any: no
          rrl-ratelimit: 0
        remote-control:
          control-enable: no
        """
    return server + "".join(f'zone:\n  name: "{name}"\n  zonefile: "{_file_name(name)}"\n' for name in zones)
