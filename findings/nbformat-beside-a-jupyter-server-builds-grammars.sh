#!/usr/bin/env bash
# Guess: what `import nbformat` does depends on nbformat and what it asks for, not on what else is installed; a program that only reads a
#   notebook never parses a grammar.
# Seen, nbformat 5.11.1 with jsonschema 4.26.0: alone, no grammar. Beside jupyter-events 0.12.1, which every Jupyter Server and JupyterLab
#   brings and which asks for jsonschema's formats, each `import nbformat` builds 39 parsers of rfc3987-syntax 1.1.0 (one for each rule of
#   an international address), with lark 1.3.1, before the first notebook is opened. No field of a notebook is such an address.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
cat > "$here/count.py" <<'PY'
import importlib.util
import pathlib
import sys
import time

built = 0
if importlib.util.find_spec("lark"):
    import lark

    begin = lark.Lark.__init__

    def counted(self, *args, **kwargs):
        global built
        built += 1
        begin(self, *args, **kwargs)

    lark.Lark.__init__ = counted
start = time.process_time()
import nbformat

spent = time.process_time() - start
nbformat.validate(nbformat.v4.new_notebook())
schema = pathlib.Path(nbformat.__file__).with_name("v4") / "nbformat.v4.schema.json"
print(f"{built} parsers, {spent:.2f} s of the processor for the import")
assert built == int(sys.argv[1]), built
assert '"iri' not in schema.read_text(), "some text of a notebook is an international address now"
PY
pip nbformat==5.11.1 jsonschema==4.26.0
"$here/env/bin/python" "$here/count.py" 0
pip jupyter-events==0.12.1 rfc3987-syntax==1.1.0 lark==1.3.1
"$here/env/bin/python" "$here/count.py" 39
