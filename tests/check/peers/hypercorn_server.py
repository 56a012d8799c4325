"""hypercorn with wsproto: it compresses by default, and its limit of 16 MiB is raised."""

import asyncio
import sys

from asgi_echo import echo
from hypercorn.asyncio import serve
from hypercorn.config import Config

config = Config()
config.bind = [f"127.0.0.1:{sys.argv[1]}"]
config.websocket_max_message_size = 64 << 20
config.errorlog = None
asyncio.run(serve(echo, config))
