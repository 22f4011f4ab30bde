"""Where the book lies, and its four folders with what one does in each: said here once."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERBS = {"book": "Read", "notebooks": "Run", "exercises": "Do", "solutions": "Compare"}
NOTEBOOKS = [folder for folder in VERBS if folder != "book"]  # what is a notebook before it is a page
