"""What makes, runs, checks and keeps the book: `python -m tools.KIND.NAME --help`."""

import sys

# jsonschema, which nbformat brings, would make 38 grammars for addresses (iri) that no notebook has: most of a second.
sys.modules.setdefault("rfc3987_syntax", None)
