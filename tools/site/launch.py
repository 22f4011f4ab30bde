"""Where a notebook's page can be run: the links in its head, made from what the built site has and from one address.

*Run in browser* stands on a page if JupyterLite is part of the site that is being built (tools/make/lite.py has put it
there), so no button is ever dead. *Open in ...* offers the services that take a public repository; its address is
PG_REPOSITORY, which the workflow sets, or `repository: url:` in _config.yml.
Without an address those links are not there.
"""

import os
import re
from pathlib import Path
from urllib.parse import quote

from tools.paths import NOTEBOOKS
from tools.written import content

APP = "lite/notebooks/index.html"
BRANCH = "main"


def repository(root):
    """The repository's address without its ending, or "";
    of what _config.yml says Jupyter Book tells only its own theme."""
    configured = (content(root / "_config.yml").get("repository") or {}).get("url")
    url = os.environ.get("PG_REPOSITORY") or configured or ""
    return re.sub(r"(\.git)?/*$", "", url.strip())


def services(url, notebook):
    """(name, address, what it needs) of the services that open this notebook from a public repository."""
    if not url:
        return []
    hub = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", url)
    binder = f"gh/{hub[1]}" if hub else f"git/{quote(url, safe='')}"
    addresses = [
        (
            "Binder",
            f"https://mybinder.org/v2/{binder}/{BRANCH}?urlpath=lab/tree/{notebook}",
            "no account; a minute or more to start",
        )
    ]
    if hub:
        addresses.append(("Codespaces", f"https://codespaces.new/{hub[1]}?quickstart=1", "a GitHub account"))
    return [*addresses, ("VS Code", f"vscode://vscode.git/clone?url={quote(url, safe='')}", "VS Code on your machine")]


def page_context(app, pagename, templatename, context, doctree):
    context["pg_run"], context["pg_services"] = "", []
    if pagename.split("/")[0] in NOTEBOOKS and (context.get("sourcename") or "").endswith(".ipynb"):
        if Path(app.outdir, APP).is_file():
            context["pg_run"] = f"{APP}?path={pagename}.ipynb"
        context["pg_services"] = services(repository(Path(app.confdir)), f"{pagename}.ipynb")


def setup(app):
    app.connect("html-page-context", page_context)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
