"""python `websockets` watches a server that misbehaves.

    observe.py URL [MESSAGE...]

It sends the messages after the handshake, and receives up to the end of the connection. It prints
one JSON object and then `ok`. The object has `refused` (status, Retry-After, Location and content)
or `failed` (a handshake that is wrong), or `protocol`, `messages`, and the end: `received` and
`sent` are the codes of the Closes of both sides, or null, `reason` is what the server gave, and
`error` what the client gave.
"""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

END_SECONDS = 60

url, *messages = sys.argv[1:]


def refusal(response):
    headers = [response.headers.get(name) for name in ("Retry-After", "Location")]
    return [response.status_code, *headers, bytes(response.body or b"").decode()]


def shown(message):
    return message if isinstance(message, str) else list(message)


async def observe():
    # A redirect is shown, not followed.
    connecting = connect(url, proxy=None, close_timeout=2)
    connecting.process_redirect = lambda error: error
    try:
        ws = await connecting
    except InvalidStatus as error:
        return {"refused": refusal(error.response)}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    for message in messages:
        await ws.send(message)
    received = []
    try:
        while True:
            received.append(shown(await ws.recv()))
    except ConnectionClosed as closed:
        code = lambda close: close and int(close.code)
        return {
            "protocol": ws.subprotocol,
            "messages": received,
            "received": code(closed.rcvd),
            "reason": closed.rcvd and closed.rcvd.reason,
            "sent": code(closed.sent),
            "error": closed.sent and closed.sent.reason,
        }


async def main():
    async with asyncio.timeout(END_SECONDS):
        print(json.dumps(await observe()))
    print("ok")


asyncio.run(main())
