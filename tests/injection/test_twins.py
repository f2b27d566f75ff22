"""A filter that blocks everything proves nothing: harmless posts that look like attacks are answered."""

from __future__ import annotations

from pathlib import Path

from bot.model import State
from bot.writers.answer import candidates_in
from tests.fakes import ScriptedWriter
from tests.injection.stage import open_stage
from tests.injection.twins import twins


async def test_harmless_posts_that_look_like_attacks_are_answered(tmp_path: Path) -> None:
    pairs = twins()
    missed = []
    writer = ScriptedWriter()
    async with open_stage(tmp_path, writer) as stage:
        for twin, reply in pairs:
            writer.default = candidates_in(reply, count=1, room=200)[0]
            episode = await stage.play(twin)
            if episode.state is not State.POSTED or episode.draft is None or episode.draft.text != writer.default:
                missed.append(f"{episode.state.value} {episode.reason}: {reply} <- {twin.comment}")

    assert len(pairs) >= 300
    assert len(missed) <= 0.03 * len(pairs), "\n".join([f"{len(missed)} of {len(pairs)}", *missed])
