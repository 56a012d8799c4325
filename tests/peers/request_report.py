"""python `websockets` with the server at URL, which greets it with its request. It sends headers in
odd cases and more than once, offers subprotocols, and compresses.

    request_report.py URL

Prints the greeting.
"""

import sys

from websockets.sync.client import connect

HEADERS = [
    ("x-oDD", "first"),
    ("X-Odd", "second"),
    ("Cookie", "session=secret"),
    ("Authorization", "Bearer secret"),
    ("X-Text", "h\u00e9llo".encode().decode("latin-1")),
]

with connect(
    sys.argv[1], additional_headers=HEADERS, subprotocols=["v2.chat", "chat"]
) as websocket:
    print(websocket.recv())
    websocket.send("hello")
    if websocket.recv() != "hello":
        sys.exit("no echo")
