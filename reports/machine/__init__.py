"""Formats for other programs. Each has a `render(report) -> str`."""
