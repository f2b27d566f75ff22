from __future__ import annotations

from memes.card import Meme
from memes.wording import say, show

from .cards import make_card


def test_every_text_of_a_card_is_shown_to_the_safety_screen() -> None:
    # Identifiers and closed vocabularies never reach a reader; whatever else a card says must be screened.
    closed = {"id", "family", "language", "kind", "tones", "moods", "valence", "arousal", "avoid", "offence"}
    closed |= {"first_seen", "last_seen", "lifecycle", "review"}
    texts = {name: f"unique text of {name}" for name in Meme.model_fields if name not in closed}
    lists = {"names", "slots", "situations", "examples", "quips"}
    eight = {"situations": tuple(f"{texts['situations']} {at}" for at in range(8))}
    card = make_card(**{name: (text,) if name in lists else text for name, text in texts.items()} | eight)

    shown = show(card)

    assert all(text in shown for text in texts.values())


def test_what_other_people_post_is_not_what_the_bot_says() -> None:
    card = make_card(situations=tuple(f"别人说的第{number}句" for number in range(8)))

    assert "别人说的" not in say(card)
    assert card.examples[0] in say(card)
