#!/usr/bin/env python3
"""Clients on several hosts at once: python `websockets` (PyPI), each with an address of its own.

    many_hosts.py URL ADDRESS...

The server at URL greets and echoes. Each client sends in turn, many times. Prints `ok` at the end.
If an answer is wrong or missing, prints that and exits with status 1.
"""

import asyncio
import contextlib
import sys

from websockets.asyncio.client import connect

ROUNDS = 100
OVERALL_SECONDS = 60

url, *addresses = sys.argv[1:]


async def main():
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connect(url, local_addr=(address, 0), proxy=None))
            for address in addresses
        ]
        for client in clients:
            await client.recv()
        for i in range(ROUNDS):
            for address, client in zip(addresses, clients):
                await client.send(f"{address} {i}")
                answer = await client.recv()
                if answer != f"{address} {i}":
                    sys.exit(f"expected {address} {i}, got {answer!r}")
    print("ok")


asyncio.run(asyncio.wait_for(main(), OVERALL_SECONDS))
