"""Reads card files and says, with file and line, what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from memes.avoid import list_topics
from memes.card import Meme

LIBRARY = Path(__file__).with_name("library")
LARGEST = 2_000_000  # bytes of one file
DEEPEST = 8  # nested lists and blocks; a card needs three
FIELDS = tuple(Meme.model_fields)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class MemeFileError(ValueError):
    """A card file that does not fit the schema; the message names file:line, the field and the remedy."""

    def __init__(self, path: Path, line: int, problem: str, remedy: str) -> None:
        """Say where, what, and what to do."""
        self.path, self.line, self.problem, self.remedy = path, line, problem, remedy
        super().__init__(f"{path}:{line}: {problem}; {remedy}")


def list_files(folders: tuple[Path, ...]) -> list[Path]:
    """Return the card files (*.yaml, *.yml) of the folders, sorted by name. Raises MemeFileError without a folder."""
    for folder in folders:
        if not folder.is_dir():
            raise MemeFileError(folder, 0, "there is no such folder of cards", "create it or correct the setting")
    files = (path for folder in folders for path in sorted(folder.iterdir()))
    return [path for path in files if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")]


def read_file(path: Path) -> tuple[tuple[Meme, int], ...]:
    """Return the cards of one file, each with its line. Raises MemeFileError at the first thing that does not fit."""
    return parse_file(path, load_file(path))


def load_file(path: Path) -> bytes:
    """Return what stands in a file. Raises MemeFileError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise MemeFileError(path, 0, f"cannot be read ({error.strerror})", "check the file's rights") from error


def parse_file(path: Path, raw: bytes) -> tuple[tuple[Meme, int], ...]:
    """Return the cards in the bytes of a file as `read_file` does."""
    node, data = _parse(path, raw)
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise MemeFileError(path, _line(node), "a card file is a list", "begin each card with '- id: …'")
    return tuple((_card(path, child, item), _line(child)) for child, item in zip(node.value, data, strict=True))


def read_folders(folders: tuple[Path, ...]) -> tuple[Meme, ...]:
    """Return the cards of all files. Raises MemeFileError, also when two cards have one id."""
    return join_files({path: read_file(path) for path in list_files(folders)})


def join_files(files: Mapping[Path, tuple[tuple[Meme, int], ...]]) -> tuple[Meme, ...]:
    """Return the cards of files that were read. Raises MemeFileError when two cards have one id."""
    seen: dict[str, str] = {}
    for path, cards in files.items():
        for card, line in cards:
            if card.id in seen:
                raise MemeFileError(
                    path, line, f"id: {card.id!r} stands already at {seen[card.id]}", "give one of the two another id"
                )
            seen[card.id] = f"{path.name}:{line}"
    return tuple(card for cards in files.values() for card, _ in cards)


def _parse(path: Path, raw: bytes) -> tuple[yaml.Node | None, Any]:
    try:
        text = raw[:LARGEST].decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise MemeFileError(path, line, "is not UTF-8", "save the file as UTF-8") from error
    if len(raw) > LARGEST:
        raise MemeFileError(path, 0, f"is larger than {LARGEST:,} bytes", "split it into several files")
    return _compose(path, text)


def _compose(path: Path, text: str) -> tuple[yaml.Node | None, Any]:
    loader = _Loader(text)
    try:
        _refuse_depth(path, text)
        node = loader.get_single_node()
        if node is None:
            return None, None
        _refuse_repeats(path, node)
        return node, loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, MemeFileError):
            raise
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise MemeFileError(path, line, f"is not YAML: {problem}", "mind indentation and quotes") from error
    finally:
        loader.dispose()


def _refuse_depth(path: Path, text: str) -> None:
    # Nodes are built by recursion in C, where too deep a nest ends the process; events come one by one.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = getattr(event.start_mark, "line", 0) + 1
                raise MemeFileError(path, line, "is nested too deep", "a card's fields are texts and lists of texts")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refuse_repeats(path: Path, root: yaml.Node) -> None:
    met: set[int] = set()
    for node in _walk(root):
        # An alias is the same node met twice; nested aliases can make a small file enormous.
        if id(node) in met:
            raise MemeFileError(path, _line(node), "anchors and aliases (& and *) are not read", "write the text out")
        met.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _refuse_double_keys(path, node)


def _refuse_double_keys(path: Path, node: yaml.MappingNode) -> None:
    keys: set[str] = set()
    for key, _ in node.value:
        name = str(key.value)
        if name in keys:
            raise MemeFileError(path, _line(key), f"{name}: stands twice in one card", "keep one of the two")
        keys.add(name)


def _walk(root: yaml.Node) -> Iterator[yaml.Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(part for pair in node.value for part in pair)


def _card(path: Path, node: yaml.Node, data: Any) -> Meme:
    if not isinstance(node, yaml.MappingNode):
        raise MemeFileError(path, _line(node), "a card is a block of fields", "begin each card with '- id: …'")
    for key, _ in node.value:
        if str(key.value) not in FIELDS:
            raise MemeFileError(path, _line(key), f"{key.value}: there is no such field", _suggest(key.value, FIELDS))
    try:
        card = Meme.model_validate(data)
    except ValidationError as error:
        raise _explain(path, node, error) from error
    _check_values(path, node, card)
    return card


def _explain(path: Path, node: yaml.MappingNode, error: ValidationError) -> MemeFileError:
    first = error.errors()[0]
    place = first["loc"]
    name = ".".join(map(str, place))
    line = _line(_find(node, place))
    if first["type"] == "missing":
        return MemeFileError(path, line, f"{name}: is missing", "add the field (docs/memes.md shows a whole card)")
    remedy = "put the text in quotes" if first["type"] == "string_type" else "correct the value (see docs/memes.md)"
    return MemeFileError(path, line, f"{name}: {first['msg']}, not {first['input']!r:.60}", remedy)


def _check_values(path: Path, node: yaml.MappingNode, card: Meme) -> None:
    for at, topic in enumerate(card.avoid):
        if topic not in list_topics():
            line = _line(_find(node, ("avoid", at)))
            raise MemeFileError(path, line, f"avoid.{at}: there is no topic {topic!r}", _suggest(topic, list_topics()))
    if card.first_seen > card.last_seen:
        line = _line(_find(node, ("last_seen",)))
        raise MemeFileError(path, line, "last_seen: lies before first_seen", "swap or correct the two dates")
    for name in ("valence", "arousal"):
        low, high = getattr(card, name)
        least = -1 if name == "valence" else 0
        if not least <= low <= high <= 1:
            line = _line(_find(node, (name,)))
            raise MemeFileError(path, line, f"{name}: is not a range", f"write [low, high] within {least} and 1")
    blank = next((name for name in ("id", "family", "meaning", "use", "source") if not getattr(card, name).strip()), "")
    if blank or not all(text.strip() for text in (*card.names, *card.situations, *card.examples, *card.quips)):
        line = _line(_find(node, (blank,)))
        raise MemeFileError(
            path, line, f"{blank or 'names, situations, examples or quips'}: is empty", "write the text"
        )


def _find(node: yaml.Node, place: tuple[int | str, ...]) -> yaml.Node:
    for step in place:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), node)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
    return node


def _suggest(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(str(word), known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
