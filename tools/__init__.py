"""What makes, runs, checks and keeps the book: `python -m tools.KIND.NAME --help`."""
