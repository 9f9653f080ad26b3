"""Entry point: `sendready` and `python -m wizard`."""

from wizard.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
