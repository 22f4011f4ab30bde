"""What makes, runs, checks and keeps the book: `python -m tools.KIND.NAME --help`."""

import sys

# jsonschema, which nbformat brings, would make 39 parsers for addresses (iri) that no notebook has: more than a second
# of each command (findings/nbformat-beside-a-jupyter-server-builds-grammars.sh).
sys.modules.setdefault("rfc3987_syntax", None)
