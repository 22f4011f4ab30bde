"""Run one cell as a notebook does, and say in plain data what came of it. Runs in the browser's worker;
needs no browser.

`await run(source, name, send)` sends dictionaries: kind "out" or "err" (printed text), "value" (the last line's),
"figure" (PNG as base64), "check" (a Result or Hint), "error". It returns the names of modules that were not there.
"""

import ast
import base64
import io
import linecache
import logging
import os
import sys
import time
import traceback
import types
import warnings

os.environ.setdefault("MPLBACKEND", "agg")
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # "building the font cache"
warnings.filterwarnings("ignore", message=".*is non-interactive, and thus cannot be shown")

MOST = 100_000  # characters printed by one cell: more would stop the page, not help the reader
OFTEN = 0.05  # seconds between two messages while a cell prints

here = types.ModuleType("__main__")  # what the cells define: Python's main module, as in a notebook
here.__dict__["__builtins__"] = __builtins__


class Printed(io.TextIOBase):
    """Gathers what is printed and sends it a few times a second."""

    def __init__(self, kind, send):
        self.kind, self.send, self.left, self.parts, self.last = kind, send, MOST, [], time.monotonic()

    def writable(self):
        return True

    def write(self, text):
        if self.left > 0:
            self.parts.append(text[: self.left])
            if len(text) > self.left:
                self.parts.append(f"\n(More was printed; the page shows the first {MOST:,} characters of a cell.)\n")
        self.left -= len(text)
        if time.monotonic() - self.last > OFTEN:
            self.flush()
        return len(text)

    def flush(self):
        if self.parts:
            self.send({"kind": self.kind, "text": "".join(self.parts)})
            self.parts.clear()
        self.last = time.monotonic()


def show(value, send):
    """What stands in a cell's last line, or is handed to display()."""
    if value is None:
        return
    if type(value).__module__ == "learning_to_act.checks.display":
        send(
            {
                "kind": "check",
                "title": value.title,
                "text": value.message,
                "passed": getattr(value, "passed", None),
                "exercise": getattr(value, "exercise", ""),
            }
        )
    elif "matplotlib.figure" in sys.modules and isinstance(value, sys.modules["matplotlib.figure"].Figure):
        figure(value, send)
    elif hasattr(value, "_repr_mimebundle_") and hasattr(value, "comm"):
        send({"kind": "value", "text": "(A widget needs a notebook: here the page shows text and pictures only.)"})
    else:
        send({"kind": "value", "text": repr(value)[:MOST]})


def figure(fig, send):
    data = io.BytesIO()
    fig.savefig(data, format="png", dpi=110, bbox_inches="tight")
    words = [
        text
        for ax in fig.axes
        for text in (ax.get_title() or ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel())
        if text
    ]
    send({"kind": "figure", "png": base64.b64encode(data.getvalue()).decode(), "words": ", ".join(words)})
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(fig)


def figures(send):
    if "matplotlib.pyplot" in sys.modules:
        plt = sys.modules["matplotlib.pyplot"]
        for number in plt.get_fignums():
            figure(plt.figure(number), send)


def parts(source, name):
    """(code of all but a last expression, code of that expression or None)."""
    tree = ast.parse(source, name)
    last = tree.body[-1] if tree.body else None
    shown = isinstance(last, ast.Expr) and not source.rstrip().endswith(";")
    if shown:
        tree.body.pop()
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return (
        compile(tree, name, "exec", flags, dont_inherit=True),
        compile(ast.Expression(last.value), name, "eval", flags, dont_inherit=True) if shown else None,
    )


async def result(code):
    value = eval(code, here.__dict__)
    return (
        await value if isinstance(value, types.CoroutineType) and code.co_flags & 0x80 else value
    )  # CO_COROUTINE: it awaits


async def run(source, name, send):
    linecache.cache[name] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        name,
    )  # tracebacks and checks quote lines
    out, err, missing = Printed("out", send), Printed("err", send), []
    old = sys.stdout, sys.stderr, sys.modules.get("__main__")
    sys.stdout, sys.stderr, sys.modules["__main__"] = out, err, here

    def after_text(message):
        out.flush(), err.flush(), send(message)

    here.display = lambda *values: [show(value, after_text) for value in values] and None
    try:
        body, last = parts(source, name)
        await result(body)
        show(await result(last) if last else None, after_text)
        figures(after_text)
    except BaseException as error:
        if isinstance(error, ModuleNotFoundError) and error.name:
            missing.append(error.name.partition(".")[0])
        figures(after_text)
        after_text(explained(error))
    finally:
        out.flush(), err.flush()
        sys.stdout, sys.stderr, sys.modules["__main__"] = old
    return missing


# --- errors, in few words: what, where in the reader's own lines, and what to do


def explained(error):
    text = str(error).strip()
    if isinstance(error, SyntaxError):
        trace = [place(error.filename or "", error.lineno or 0, "", error.text or "")]
        if error.text and error.offset:
            trace[-1]["caret"] = max(error.offset - 1 - (len(error.text) - len(error.text.lstrip())), 0)
        text = error.msg
    else:
        frames = [
            f
            for f in traceback.extract_tb(error.__traceback__)
            if f.filename in linecache.cache and f.filename.startswith("cell ")
        ]
        if len(frames) > 6:
            frames = frames[:3] + frames[-3:]
        trace = [place(f.filename, f.lineno, f.name, f.line or "") for f in frames]
    return {"kind": "error", "name": type(error).__name__, "text": text[:2000], "trace": trace, "advice": advice(error)}


def place(file, line, function, text):
    return {
        "cell": file.removeprefix("cell "),
        "line": line,
        "function": function.removeprefix("<module>"),
        "text": text.strip(),
    }


def advice(error):
    text = str(error)
    if isinstance(error, NotImplementedError) and "your code goes here" in text:
        return "This answer is still to be written: replace the line that begins with raise."
    if isinstance(error, SyntaxError) and (error.text or "").lstrip().startswith(("%", "!")):
        return "Lines that begin with % or ! are commands to Jupyter, not Python. Leave them out here."
    if isinstance(error, ModuleNotFoundError):
        return f"The page's Python does not carry {error.name}. JupyterLab on your own machine does: make lab."
    if isinstance(error, NameError) and "is not defined" in text:
        return "A slip of the pen? Or a name that no cell above makes: Run all above runs them all."
    return ""
