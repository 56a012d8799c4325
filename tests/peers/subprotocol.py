"""python `websockets` with the echo server at URL, which must choose the first subprotocol.

    subprotocol.py URL

Prints `ok`, or exits with status 1.
"""

import sys

from websockets.sync.client import connect

with connect(sys.argv[1], subprotocols=["chat.v1", "superchat"]) as websocket:
    if websocket.subprotocol != "chat.v1":
        sys.exit(f"subprotocol: {websocket.subprotocol}")
print("ok")
