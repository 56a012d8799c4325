"""Tornado as a client: compression is asked for; its limit of 10 MiB is raised."""

import run_cases
from tornado.websocket import websocket_connect


async def exchange(url, echoes):
    first = None
    connection = await websocket_connect(
        url, compression_options={}, max_message_size=64 << 20, ping_interval=0
    )
    while (message := await connection.read_message()) is not None:
        if first is None:
            first = message
        if echoes:
            await connection.write_message(message, binary=isinstance(message, bytes))
    return first


run_cases.main("tornado", exchange)
