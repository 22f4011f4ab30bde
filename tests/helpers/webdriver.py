"""Two engines that Playwright cannot drive as Debian ships them, behind one small face: Firefox and WebKitGTK.

Both understand the commands of W3C WebDriver. WebKitWebDriver takes them over HTTP. Debian has no geckodriver, but
Firefox itself listens (Marionette): the same commands, as JSON with its length in front, over a socket.
`Driver.command` is all that differs.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's reference, by the standard
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Space": " ",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Backspace": "\ue003",
}
HANG = 300  # seconds; ends a hang, measures nothing


class Refused(Exception):
    """The browser answered that it could not."""


def until(true, what, seconds=HANG):
    """What `true()` gives once it is truthy."""
    end = time.monotonic() + seconds
    while True:
        if found := true():
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Driver:
    """What a reader does, in any engine."""

    name = ""

    def goto(self, url):
        self.command("navigate", url=url)

    def js(self, body, *args):
        """What `body`, the inside of a function, returns."""
        return self.command("execute", script=body, args=list(args))

    def wait(self, expression, *args):
        """Once `expression` of the page is truthy: its value."""
        return until(lambda: self.js(f"return {expression}", *args), f"{expression} in {self.name}")

    def size(self, width, height):
        """Bring the page itself, not its window, to this size."""
        for _ in range(3):
            inner, outer = self.js("return [[innerWidth, innerHeight], [outerWidth, outerHeight]]")
            if inner == [width, height]:
                return
            self.command("size", width=width + max(0, outer[0] - inner[0]), height=height + max(0, outer[1] - inner[1]))

    def find(self, css):
        return self.command("find", css=css)

    def act(self, *sources):
        self.command("act", actions=list(sources))

    def keys(self, *names):
        """Press these keys one after the other, by name or as the characters they write."""
        steps = []
        for name in names:
            value = KEYS.get(name, name)
            steps += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.act({"type": "key", "id": "keyboard", "actions": steps})

    def chord(self, *names):
        values = [KEYS.get(name, name) for name in names]
        self.act(
            {
                "type": "key",
                "id": "keyboard",
                "actions": [{"type": "keyDown", "value": v} for v in values]
                + [{"type": "keyUp", "value": v} for v in reversed(values)],
            }
        )

    def mouse(self, *points):
        """Press at the first of these points of the window, go through the others, and let go at the last."""
        down = {"type": "pointerDown", "button": 0}
        moves = [{"type": "pointerMove", "duration": 20, "x": round(x), "y": round(y)} for x, y in points]
        self.act(
            {
                "type": "pointer",
                "id": "mouse",
                "parameters": {"pointerType": "mouse"},
                "actions": [moves[0], down, *moves[1:], {"type": "pointerUp", "button": 0}],
            }
        )

    def picture(self, path):
        Path(path).write_bytes(base64.b64decode(self.command("picture")))


class Firefox(Driver):
    name = "Firefox"
    NAMES = {
        "navigate": "WebDriver:Navigate",
        "execute": "WebDriver:ExecuteScript",
        "find": "WebDriver:FindElement",
        "act": "WebDriver:PerformActions",
        "size": "WebDriver:SetWindowRect",
        "picture": "WebDriver:TakeScreenshot",
    }

    def __init__(self, program, folder):
        self.port, self.count = free_port(), 0
        folder.mkdir(parents=True)
        prefs = {
            "marionette.port": self.port,
            "datareporting.policy.dataSubmissionEnabled": False,
            "app.update.enabled": False,
            "network.captive-portal-service.enabled": False,
            "network.connectivity-service.enabled": False,
            "browser.aboutConfig.showWarning": False,
            "toolkit.telemetry.reportingpolicy.firstRun": False,
            "remote.active-protocols": 2,
            "browser.shell.checkDefaultBrowser": False,
            "services.settings.server": "http://127.0.0.1:1",
            "browser.startup.homepage_override.mstone": "ignore",
            "browser.safebrowsing.update.enabled": False,
        }
        (folder / "user.js").write_text(
            "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in prefs.items())
        )
        self.process = subprocess.Popen(
            [program, "--headless", "--marionette", "--no-remote", "--profile", folder, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        self.socket = until(self._connected, "Firefox to listen")
        self._receive()  # its greeting
        self.about = self._send(
            "WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": False}}}
        )["capabilities"]

    def _connected(self):
        if self.process.poll() is not None:
            raise Refused(f"Firefox ended at once, with status {self.process.returncode}")
        try:
            return socket.create_connection(("127.0.0.1", self.port), timeout=HANG)
        except OSError:
            return None

    def _receive(self):
        head = b""
        while not head.endswith(b":"):
            head += self._some(1)
        return json.loads(self._some(int(head[:-1])))

    def _some(self, count):
        got = b""
        while len(got) < count:
            part = self.socket.recv(count - len(got))
            if not part:
                raise Refused("Firefox closed the line")
            got += part
        return got

    def _send(self, name, what):
        self.count += 1
        message = json.dumps([0, self.count, name, what])
        self.socket.sendall(f"{len(message.encode())}:{message}".encode())
        _, _, problem, result = self._receive()
        if problem:
            raise Refused(f"{problem['error']}: {problem['message']}")
        return result

    def command(self, name, **what):
        if name == "find":
            what = {"using": "css selector", "value": what["css"]}
        if name == "picture":
            what = {"full": False}
        result = self._send(self.NAMES[name], what)
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(HANG)


class WebKit(Driver):
    name = "WebKitGTK"
    PLACES = {"navigate": "url", "execute": "execute/sync", "find": "element", "act": "actions", "size": "window/rect"}

    def __init__(self, program, browser, folder):
        self.port = free_port()
        folder.mkdir(parents=True)
        self.screen = None
        env = dict(
            os.environ,
            HOME=str(folder),
            XDG_CACHE_HOME=str(folder),
            XDG_DATA_HOME=str(folder),
            GDK_BACKEND="x11",
            LIBGL_ALWAYS_SOFTWARE="1",
        )
        if "DISPLAY" not in env:
            self.screen, env["DISPLAY"] = screen()
        self.process = subprocess.Popen(
            [program, f"--port={self.port}", "--host=127.0.0.1"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._ready, "WebKitWebDriver to listen")
        options = {"binary": browser, "args": ["--automation"]}
        made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}})
        self.about, self.home = made["capabilities"], f"/session/{made['sessionId']}/"

    def _ready(self):
        if self.process.poll() is not None:
            raise Refused(f"WebKitWebDriver ended at once, with status {self.process.returncode}")
        try:
            return self._ask("GET", "/status")
        except OSError:
            return None

    def _ask(self, method, path, what=None):
        body = None if what is None else json.dumps(what).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=HANG) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as problem:
            value = json.loads(problem.read())["value"]
            raise Refused(f"{value['error']}: {value['message']}") from None

    def command(self, name, **what):
        if name == "picture":
            return self._ask("GET", self.home + "screenshot")
        if name == "find":
            what = {"using": "css selector", "value": what["css"]}
        return self._ask("POST", self.home + self.PLACES[name], what)

    def close(self):
        try:
            self._ask("DELETE", self.home.rstrip("/"))
        except (OSError, Refused):
            pass
        for process in filter(None, (self.process, self.screen)):
            process.terminate()
            process.wait(HANG)


def screen():
    """A screen that nobody sees, and its name."""
    read, write = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as said:
        number = said.readline().strip()
    if not number:
        raise Refused("Xvfb did not start")
    return process, f":{number}"


def mini_browser():
    """WebKitGTK's own small browser, which the driver starts."""
    return next((str(p) for p in sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))), None)


def open_engine(name, folder):
    """A running engine, or a sentence that says what is missing."""
    if name == "firefox":
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        return Firefox(program, folder) if program else "there is no Firefox here: apt-get install firefox-esr"
    program, browser = shutil.which("WebKitWebDriver"), mini_browser()
    if not program or not browser:
        return "there is no WebKitGTK with a driver here: apt-get install webkit2gtk-driver"
    if "DISPLAY" not in os.environ and not shutil.which("Xvfb"):
        return "WebKitGTK wants a screen: apt-get install xvfb"
    return WebKit(program, browser, folder)
