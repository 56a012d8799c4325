"""Runs Autobahn's cases with a client of Python: everything is echoed."""

import asyncio
import sys


async def run_cases(agent, exchange):
    """`exchange` gets a URL and whether to echo, and returns the first message."""
    server = f"ws://{sys.argv[1]}"
    count = int(await exchange(f"{server}/getCaseCount", False))
    for case in range(1, count + 1):
        try:
            await exchange(f"{server}/runCase?case={case}&agent={agent}", True)
        except Exception:  # the report says how a case ended
            pass
    await exchange(f"{server}/updateReports?agent={agent}", False)


def main(agent, exchange):
    asyncio.run(run_cases(agent, exchange))
