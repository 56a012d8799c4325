#!/usr/bin/env python3
"""Python clients that compress (permessage-deflate), with each of their options, and the echo
server.

    compressed_clients.py websockets | aiohttp URL

The server at URL greets with WELCOME and echoes every message. Prints the options of each
connection and what was agreed on, and `ok` at the end. If an answer is wrong, prints the expected
and the actual one and exits with status 1.
"""

import asyncio
import json
import random
import sys

WELCOME = "Welcome to Awesome Chat"
OVERALL_SECONDS = 80
MIB = 1 << 20


def show(value):
    return f"{value!r:.60}... ({type(value).__name__} of {len(value)})"


def record(number):
    """As programs send them. The names are those of each other record, and most of the values too:
    a compressor that keeps its window refers to the records before."""
    items = [
        {"name": f"item {(number + i) % 50}", "price": (number * 7919 + i * 104729) % 10_000}
        for i in range(40)
    ]
    return json.dumps({"type": "order", "number": number, "items": items})


def text_of_3_mib():
    return "\n".join(record(number) for number in range(3000))[: 3 * MIB].ljust(3 * MIB)


class Client:
    """What the libraries have in common. `fragments` sends one message; it is None if the library
    cannot cut a message."""

    def __init__(self, send, receive, fragments=None):
        self.send, self.receive, self.fragments = send, receive, fragments

    async def expect(self, what, expected):
        actual = await self.receive()
        if type(actual) is not type(expected) or actual != expected:
            sys.exit(f"{what}: expected {show(expected)}\n{what}: got      {show(actual)}")

    async def expect_echo(self, what, message):
        # The echo of a long message begins before its end.
        sent = asyncio.create_task(self.send(message))
        await self.expect(what, message)
        await sent

    async def play(self, has_long):
        await self.expect("greeting", WELCOME)
        await self.expect_echo("empty text", "")
        await self.expect_echo("empty binary", b"")
        for number in range(10):
            await self.expect_echo(f"record {number}", record(number))
        noise = random.Random(0)
        await self.expect_echo("70,000 random bytes", noise.randbytes(70_000))
        letters = "".join(map(chr, noise.choices(range(0x430, 0x450), k=20_000)))
        await self.expect_echo("20,000 letters of two bytes", letters)
        if has_long:
            await self.expect_echo("2 MiB of random bytes", noise.randbytes(2 * MIB))
            await self.expect_echo("3 MiB of text", text_of_3_mib())
        if self.fragments:
            fragments = ["", record(1), "", record(2), ""]
            await self.fragments(fragments)
            await self.expect("fragments", "".join(fragments))
        await self.burst()

    async def burst(self):
        messages = [record(i) if i % 3 else record(i).encode() for i in range(200)]
        for message in messages:
            await self.send(message)
        for number, message in enumerate(messages):
            await self.expect(f"message {number} of 200", message)


async def websockets(url):
    from websockets.asyncio.client import connect
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

    all_options = [
        [{}],
        [{"server_no_context_takeover": True}],
        [{"client_no_context_takeover": True}],
        [{"server_no_context_takeover": True, "client_no_context_takeover": True}],
        [{"server_max_window_bits": 9}],
        [{"client_max_window_bits": 10}],
        [{"server_max_window_bits": 12, "client_max_window_bits": 15}],
        [{"client_max_window_bits": None}],
        [{"compress_settings": {"level": 0}}],
        [{"server_max_window_bits": 10, "client_max_window_bits": None}, {}],
    ]
    for options in all_options:

        async def cut(fragments):
            async def each():
                for fragment in fragments:
                    yield fragment
                    await ws.ping()

            await ws.send(each())

        extensions = [ClientPerMessageDeflateFactory(**it) for it in options]
        unlimited = {"max_size": None, "max_queue": None, "proxy": None}
        async with connect(url, compression=None, extensions=extensions, **unlimited) as ws:
            agreed = ws.response.headers.get("Sec-WebSocket-Extensions")
            print(f"{options}: {agreed}", flush=True)
            await Client(ws.send, ws.recv, cut).play(options is all_options[0])


async def aiohttp(url):
    from aiohttp import ClientSession, WSMsgType

    async with ClientSession() as session:
        for bits in (15, 12, 10, 9, 0):
            async with session.ws_connect(url, compress=bits, max_msg_size=0) as ws:
                print(f"compress={bits}: {ws.compress}", flush=True)

                async def send(message):
                    sending = ws.send_str if isinstance(message, str) else ws.send_bytes
                    await sending(message)

                async def receive():
                    message = await ws.receive()
                    if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                        sys.exit(f"got {message}")
                    return message.data

                await Client(send, receive).play(bits == 15)


async def main():
    library, url = sys.argv[1:]
    play = {"websockets": websockets, "aiohttp": aiohttp}[library]
    async with asyncio.timeout(OVERALL_SECONDS):
        await play(url)
    print("ok")


asyncio.run(main())
