"""uvicorn with wsproto: it compresses by default, and its limit of 16 MiB is raised."""

import sys

import uvicorn
from asgi_echo import echo

uvicorn.run(
    echo,
    host="127.0.0.1",
    port=int(sys.argv[1]),
    ws="wsproto",
    ws_max_size=64 << 20,
    lifespan="off",
    log_level="critical",
)
