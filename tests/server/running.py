"""An ASGI app behind a real socket, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import httpx
import uvicorn
from starlette.applications import Starlette

ANSWER_S = 30


@contextlib.contextmanager
def running(app: Starlette) -> Iterator[httpx.Client]:
    """Serve `app` on a free port of this machine and give a client for it.

    The socket listens before the server starts: the first request waits in its queue.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S, trust_env=False
            ) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(ANSWER_S)
