"""Serve the built book on this machine only, at the first free port from 8000.

python -m tools.run.serve [FOLDER] [--port 8000]        FOLDER: _build/html unless named
"""

import argparse
import functools
import http.server
import re
import signal
import sys
from pathlib import Path

from tools.paths import ROOT

BUILT = ROOT / "_build/html"
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",  # Windows' registry
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}  # may say otherwise


class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | TYPES

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")  # a page built anew is seen at the next load
        super().end_headers()

    def send_error(self, code, message=None, explain=None):
        page = Path(self.directory, "404.html")
        if code != 404 or not page.is_file():
            return super().send_error(code, message, explain)
        # the page's links are from the root, where the address asked for may lie anywhere below it
        body = re.sub(
            rb'(\s(?:href|src|action|data-content_root)=")(?:\./)?(?![/#]|\w+:)',
            rb"\1/",
            re.sub(rb"<base [^>]*>", b"", page.read_bytes()),
        )
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there it would share the port with whoever has it

    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a reader who leaves early is no error
            super().handle_error(request, address)


def listen(folder, first=8000, tries=100):
    """A server of `folder` at the first free port."""
    handler = functools.partial(Handler, directory=str(folder))
    for port in range(first, min(first + tries, 65536)):
        try:
            return Server(("127.0.0.1", port), handler)
        except OSError:
            continue
    raise OSError(f"no free port from {first} to {port}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=BUILT)
    parser.add_argument("--port", type=int, default=8000, help="the first one to try")
    args = parser.parse_args(arguments)
    if not (args.folder / "index.html").is_file():
        parser.error(f"{args.folder} holds no built book; first: python -m tools.make.book")
    server = listen(args.folder, args.port)
    print(f"The book is at http://127.0.0.1:{server.server_port}/  (Ctrl-C stops it)", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
