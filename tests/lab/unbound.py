"""A real unbound in front of an NSD: caching, time to live, SERVFAIL. DNSSEC validation is off unless asked for."""

from __future__ import annotations

from pathlib import Path

from .nsd import Nsd, answers
from .process import LOOPBACK, Server, Workspace, on_free_ports, program

# unbound answers these itself unless told otherwise (unbound.conf(5), local-zone)
OWN_ZONES = (
    "localhost.",
    "127.in-addr.arpa.",
    "test.",
    "invalid.",
    "2.0.192.in-addr.arpa.",
    "100.51.198.in-addr.arpa.",
    "113.0.203.in-addr.arpa.",
    "8.b.d.0.1.0.0.2.ip6.arpa.",
)


class Unbound:
    """A running resolver that asks one NSD for everything. `address` is what `--nameserver` takes."""

    def __init__(self, workspace: Workspace, upstream: Nsd, *, extra: str = "") -> None:
        self._folder = workspace.folder("unbound")
        self._workspace = workspace
        self._upstream = upstream
        self._extra = extra
        self._program = program("unbound")
        self.port, self._server = on_free_ports(1, lambda ports: (ports[0], self._start(ports[0])))

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def stop(self) -> None:
        self._server.stop()

    def _start(self, port: int) -> Server:
        config = self._folder / "unbound.conf"
        config.write_text(_config(self._folder, port, self._upstream.port, self._extra), encoding="utf-8")
        server = self._workspace.start("unbound", [self._program, "-d", "-p", "-c", str(config)], folder=self._folder)
        server.wait_ready(lambda: answers(port, "."))
        return server


def _config(folder: Path, port: int, upstream: int, extra: str) -> str:
    own = "".join(f'  local-zone: "{zone}" nodefault\n' for zone in OWN_ZONES)
    return f"""\
server:
  interface: {LOOPBACK}
  port: {port}
  access-control: 127.0.0.0/8 allow
  username: unbound
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  do-ip6: no
  do-not-query-localhost: no
  module-config: "iterator"
  unblock-lan-zones: yes
{own}{extra}
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: {LOOPBACK}@{upstream}
"""
