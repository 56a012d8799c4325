"""Python's websockets as a client: it compresses by default; its limit of 1 MiB is raised."""

import run_cases
from websockets.asyncio.client import connect


async def exchange(url, echoes):
    first = None
    async with connect(url, max_size=None, proxy=None, ping_interval=None) as connection:
        async for message in connection:
            if first is None:
                first = message
            if echoes:
                await connection.send(message)
    return first


run_cases.main("websockets", exchange)
