"""Chromium, without a display, on a page that runs all cases.

    chromium_client.py ADDRESS CHROMIUM
"""

import functools
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
]

address, chromium = sys.argv[1:]
done = threading.Event()


class Pages(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".html": "text/html", ".mjs": "text/javascript"}

    def do_GET(self):
        if self.path == "/done":
            done.set()
        super().do_GET()

    def log_message(self, *_):
        pass


here = pathlib.Path(__file__).parent
pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=here))
threading.Thread(target=pages.serve_forever, daemon=True).start()
page = f"http://127.0.0.1:{pages.server_port}/chromium.html?address={address}"
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", page]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not done.wait(1) and browser.poll() is None:
        pass
    browser.kill()
    browser.wait()
sys.exit(not done.is_set())
