"""Who may have a page: whoever is on this machine, or has the token, but no site that they have open beside it."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

LOOPBACK = ("127.0.0.1", "::1", "localhost")
COOKIE = "nnviz-token"


def gate(token: str | None) -> Middleware:
    """Lets requests through that may come in; the others get one line and status 403.

    With a token, only who has opened an address that holds it, which a cookie then stands for. Without one, only
    requests that name this machine: a name of a stranger's that was made to lead here (DNS rebinding) is another one.
    A page of another site may ask too, in the browser of whoever is allowed in; a browser says whose page it is.
    """

    @web.middleware
    async def let_through(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (refusal := _refusal(request, token)) is not None:
            return web.Response(text=f"{refusal}\n", status=403)
        response = await handler(request)
        if token is not None and "token" in request.query and not response.prepared:
            response.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
        return response

    return let_through


def _refusal(request: web.Request, token: str | None) -> str | None:
    origin = request.headers.get("Origin")
    if origin is not None and URL(origin).authority != URL(f"{request.scheme}://{request.host}").authority:
        return "this page belongs to another site, which has nothing to look for here"
    if token is None:
        name = URL(f"http://{request.host}").host
        return (
            None if name in LOOPBACK else "only this machine is served; open the address that nnviz serve has printed"
        )
    given = request.query.get("token") or request.cookies.get(COOKIE, "")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return "the token is missing, or another one; open the whole address that nnviz serve has printed"
    return None
