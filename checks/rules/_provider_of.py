"""Whose server a server of the settings is."""

from __future__ import annotations

from checks.settings import Server
from checks.tables import Provider, provider, provider_of_host


def provider_of(server: Server) -> Provider | None:
    """Return the provider that runs a server, by what the settings say or by its host name."""
    return (provider(server.provider) if server.provider else None) or provider_of_host(server.host)
