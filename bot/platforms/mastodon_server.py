"""Which server with Mastodon's API this is, and what it can be trusted with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import TryLater
from bot.http import Refused, Remote, Unspoken
from bot.platforms.wire import Unreadable, rows, table, words
from bot.ports import NEVER, Once

DEFAULT_LIMIT = 500
DEFAULT_URL_LENGTH = 23
# Mastodon keeps an Idempotency-Key for an hour after the status was made (PostStatusService); a quarter is for clocks
# and slow answers.
WINDOW = Once("window", 45 * 60)
# Mastodon, or a fork that leaves posting alone (+glitch, +hometown); others add "(compatible; …)" or their own name.
_VERSION = re.compile(r"v?(\d+)\.\d+\.\d+(-?(alpha|beta|rc|nightly|security)[\w.\-]*)?(\+[\w.\-]*)?")
_SOFTWARE = frozenset({"mastodon", "hometown"})


@dataclass(frozen=True, slots=True)
class Server:
    """A server: its host in handles, how long a post may be, and how idempotent posting is."""

    host: str
    limit: int
    url_length: int
    is_mastodon: bool

    @property
    def once(self) -> Once:
        """Mastodon proper recognises a key for 45 minutes; its kin ignore keys, and of others nothing is known."""
        return WINDOW if self.is_mastodon else NEVER


async def recognise(remote: Remote) -> Server:
    """Ask a server what it is; raises `TryLater` if it cannot be reached or its answer cannot be read."""
    try:
        about = table(await _first_of(remote, "/api/v2/instance", "/api/v1/instance"))
        host = _host(words(about.get("domain") or about.get("uri"))) or _host(remote.base)
        limit, url_length = _limits(about)
        version = words(about.get("version"))
    except Unreadable as error:
        raise TryLater(f"{remote.base} does not say what it is: {error}") from error
    is_mastodon = is_mastodon_version(version) and await _software(remote) in _SOFTWARE
    return Server(host, limit, url_length, is_mastodon)


def is_mastodon_version(version: str) -> bool:
    """Whether a version is one of Mastodon proper (or glitch, Hometown) from 3.0 on; "(compatible; …)" is not."""
    found = _VERSION.fullmatch(version.strip())
    return found is not None and int(found[1]) >= 3


async def _first_of(remote: Remote, *paths: str) -> object:
    for path in paths:
        try:
            return (await remote.read(path)).body
        except (Refused, Unspoken) as error:  # an old server does not know the newer address, or shows its front page
            if error.status not in (200, 404):
                raise
    raise TryLater(f"{remote.base} has no instance page; is this a server with Mastodon's API?")


async def _software(remote: Remote) -> str:
    """The software's name by NodeInfo; empty if the server does not say."""
    try:
        links = rows(table((await remote.read("/.well-known/nodeinfo")).body).get("links"))
        path = next(urlsplit(words(table(link).get("href"))).path for link in links)
        about = table((await remote.read(path)).body)
        return words(table(about.get("software")).get("name")).lower()
    except (Refused, Unspoken, Unreadable, StopIteration):
        return ""


def _limits(about: dict[str, object]) -> tuple[int, int]:
    configuration = about.get("configuration")
    statuses = configuration.get("statuses") if isinstance(configuration, dict) else None
    if not isinstance(statuses, dict):
        statuses = {}
    limit = statuses.get("max_characters") or about.get("max_toot_chars")
    url_length = statuses.get("characters_reserved_per_url")
    return (
        limit if isinstance(limit, int) and limit > 0 else DEFAULT_LIMIT,
        url_length if isinstance(url_length, int) and url_length > 0 else DEFAULT_URL_LENGTH,
    )


def _host(address: str) -> str:
    """The host of an address or of a bare domain; Mastodon's v1 `uri` may be either."""
    return urlsplit(address if "://" in address else f"https://{address}").netloc.lower()
