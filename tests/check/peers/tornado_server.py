"""Tornado: compression is asked for; its limit of 10 MiB is raised."""

import asyncio
import sys

from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    def get_compression_options(self):
        return {}

    def check_origin(self, origin):
        return True

    async def on_message(self, message):
        await self.write_message(message, binary=isinstance(message, bytes))


async def main():
    application = Application([(r"/.*", Echo)], websocket_max_message_size=64 << 20)
    application.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
