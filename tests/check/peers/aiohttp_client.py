"""aiohttp as a client: compression is asked for; its limit of 4 MiB is raised."""

import run_cases
from aiohttp import ClientSession, WSMsgType


async def exchange(url, echoes):
    first = None
    async with (
        ClientSession() as session,
        session.ws_connect(url, max_msg_size=0, compress=15) as connection,
    ):
        async for message in connection:
            if first is None:
                first = message.data
            if not echoes:
                continue
            if message.type == WSMsgType.TEXT:
                await connection.send_str(message.data)
            elif message.type == WSMsgType.BINARY:
                await connection.send_bytes(message.data)
    return first


run_cases.main("aiohttp", exchange)
