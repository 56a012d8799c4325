#!/usr/bin/env python3
"""An independent echo server that compresses (permessage-deflate): aiohttp (PyPI).

    aiohttp_server.py ADDRESS PORT

Prints where it listens, as ours does, and serves until it is killed. Port 0 means any free port. It
does not greet.
"""

import asyncio
import sys

from aiohttp import WSMsgType, web

address, wanted_port = sys.argv[1:]


async def echo(request):
    connection = web.WebSocketResponse(compress=True, max_msg_size=0)
    await connection.prepare(request)
    async for message in connection:
        if message.type == WSMsgType.TEXT:
            await connection.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await connection.send_bytes(message.data)
    return connection


async def main():
    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, address, int(wanted_port)).start()
    _, port = runner.addresses[0][:2]
    print(f"listening on ws://{address}:{port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
