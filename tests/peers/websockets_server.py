#!/usr/bin/env python3
"""An echo server that is not ours: python `websockets` (PyPI).

    websockets_server.py ADDRESS PORT

Says where it listens, as ours does, and serves until it is killed. Port 0 takes a free one. It does not greet.
"""

import asyncio
import sys

from websockets.asyncio.server import serve

address, wanted_port = sys.argv[1:]


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    async with serve(echo, address, int(wanted_port)) as server:
        _, port = server.sockets[0].getsockname()[:2]
        print(f"listening on ws://{address}:{port}", flush=True)
        await server.serve_forever()


asyncio.run(main())
