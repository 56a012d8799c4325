#!/usr/bin/env python3
"""An independent echo server: python `websockets` (PyPI).

    websockets_server.py ADDRESS PORT [CERTIFICATE KEY]

Prints where it listens, as ours does, and serves until it is killed. Port 0 means any free port.
With PEM files of a certificate chain and its key, it speaks TLS.

GREETING is the first message; without it, there is none.

DEFLATE, in JSON, are the options of its ServerPerMessageDeflateFactory; without it, nothing is
compressed.
"""

import asyncio
import json
import os
import ssl
import sys

from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

address, wanted_port, *files = sys.argv[1:]


async def echo(connection):
    if greeting := os.environ.get("GREETING"):
        await connection.send(greeting)
    async for message in connection:
        await connection.send(message)


async def main():
    scheme, context = "ws", None
    if files:
        scheme, context = "wss", ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*files)
    extensions = None
    if options := os.environ.get("DEFLATE"):
        extensions = [ServerPerMessageDeflateFactory(**json.loads(options))]
    async with serve(
        echo,
        address,
        int(wanted_port),
        ssl=context,
        compression=None,
        extensions=extensions,
        max_size=None,
    ) as server:
        _, port = server.sockets[0].getsockname()[:2]
        print(f"listening on {scheme}://{address}:{port}", flush=True)
        await server.serve_forever()


asyncio.run(main())
