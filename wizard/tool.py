"""What this program calls itself in reports and conversations."""

from __future__ import annotations


def tool_name() -> str:
    """Return name and version, like "sendready 0.1.0"."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow, and rarely needed

    try:
        return f"sendready {version('sendready')}"
    except PackageNotFoundError:
        return "sendready (not installed)"
