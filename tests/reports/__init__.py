"""Reports: their document, their pages, and what must never come through."""
