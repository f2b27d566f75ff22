"""What the plaza says no with: a true HTTP status, a short code for programs and a sentence for people."""

from __future__ import annotations

from aiohttp import web


class Fault(Exception):
    """A refusal; `after` is how many seconds to wait where waiting helps."""

    def __init__(self, status: int, code: str, message: str, after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.after = after

    def response(self) -> web.Response:
        """The JSON error body of the protocol."""
        headers = {} if self.after is None else {"Retry-After": str(self.after)}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        body = {"error": {"code": self.code, "message": self.message}}
        return web.json_response(body, status=self.status, headers=headers)


def no_post() -> Fault:
    """There never was such a post."""
    return Fault(404, "no_post", "there is no such post")


def gone() -> Fault:
    """The post, or the post it stands under, was deleted."""
    return Fault(410, "gone", "this post was deleted")
