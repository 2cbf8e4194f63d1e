"""A server of pages: each shows a screen of its own, drawn by a process of its own."""

import asyncio
import errno
import logging
import shlex
import socket
from collections.abc import Callable, Sequence

from aiohttp import web
from textual_serve.server import Server

from nnviz.errors import InputError
from nnviz.serving.gate import gate
from nnviz.wording import count


class PageServer(Server):
    """Serves the screen that a command draws, at an address that is bound when it is made.

    A page that is closed ends its screen as `q` would: what was trained on it is kept. `most` pages may be open at a
    time. Raises InputError if the address cannot be had.
    """

    def __init__(self, command: Sequence[str], host: str, port: int, token: str | None, most: int) -> None:
        super().__init__(shlex.join(command), host=host, port=port, title="nnviz")
        self._socket = _bound(host, port)
        self.port = self._socket.getsockname()[1]
        self._token, self._most, self._open = token, most, 0

    def serve_until_stopped(self, ready: Callable[[str], None]) -> None:
        """Serve until Ctrl-C or SIGTERM. `ready` hears the address to open."""
        self._ready = ready
        logging.getLogger("aiohttp").setLevel(logging.ERROR)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        web.run_app(self._make_app(), sock=self._socket, loop=loop, print=None, access_log=None, shutdown_timeout=1.0)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(gate(self._token))
        return app

    async def on_startup(self, _: web.Application) -> None:
        """Say where to look, instead of textual-serve's greeting."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        self._ready(f"http://{host}:{self.port}/" + (f"?token={self._token}" if self._token else ""))

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """The page. It goes on talking to the name under which it was asked for, whatever that leads through."""
        if self._open >= self._most:
            raise self._full()
        self.public_url = f"{request.scheme}://{request.host}"
        response: web.StreamResponse = await super().handle_index(request)
        return response

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A screen, as long as the page is open."""
        if self._open >= self._most:
            raise self._full()
        self._open += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._open -= 1

    def _full(self) -> web.HTTPServiceUnavailable:
        most = count(self._most, "page")
        return web.HTTPServiceUnavailable(text=f"{most} may be open at a time, and so many are: close one first\n")


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Whoever hears of the address may come at once.
        bound.listen()
    except socket.gaierror as error:
        raise InputError(f"--host: '{host}' is no address of this machine ({error.strerror})") from None
    except OSError as error:
        advice = "choose another with --port" if error.errno == errno.EADDRINUSE else "choose others"
        raise InputError(f"--host, --port: {host}:{port} cannot be served ({error.strerror}); {advice}") from None
    return bound
