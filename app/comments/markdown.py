"""Finding `@username` in Markdown, outside of code and of e-mail addresses.

It follows CommonMark as far as this takes: fenced and indented code blocks and code spans count,
what else the text would be rendered as does not.
"""

import re
from collections.abc import Iterator

# The grammar of usernames in `app.users.schemas`. What stands around it keeps e-mail addresses,
# paths of URLs and escaped signs out; underscores in front may be emphasis.
_MENTION = re.compile(
    r"(?<![\w.+@/\\-])(?P<emphasis>_*+)@(?P<name>[A-Za-z0-9][A-Za-z0-9._+-]{0,149})(?![\w.+@-])"
)
_MARKERS = re.compile(r"(?: {0,3}(?:>|(?:[-*+]|\d{1,9}[.)])(?=\s))[ \t]?)*+")
_LIST_ITEM = re.compile(r"[ >]*(?:[-*+]|\d{1,9}[.)])\s")
_FENCE = re.compile(r"\s*(?P<fence>`{3,}+(?=[^`]*$)|~{3,}+)")
_INDENTED = re.compile(r" {4}| {0,3}\t")
_CODE_SPAN = re.compile(r"(?<![\\`])(`++)(?:.+?)(?<!`)\1(?!`)", re.DOTALL)


def usernames_in(body: str) -> list[str]:
    """The usernames that `body` mentions: lower case, each once, in the order of the text."""
    found = (
        _without_punctuation(match)
        for block in _blocks(body)
        for match in _MENTION.finditer(_CODE_SPAN.sub(" ` ", block))
    )
    return list(dict.fromkeys(found))


def _without_punctuation(match: re.Match[str]) -> str:
    """The name without the end of a sentence, and without underscores that close an emphasis."""
    name = match["name"].rstrip(".-")
    return name.removesuffix(match["emphasis"]).rstrip(".-").lower()


def _blocks(body: str) -> Iterator[str]:
    """The paragraphs and list items of `body`; a code span never goes from one to another."""
    block: list[str] = []
    for line in _lines_without_code(body):
        if not line.strip() or _LIST_ITEM.match(line):
            yield "\n".join(block)
            block = []
        block.append(line)
    yield "\n".join(block)


def _lines_without_code(body: str) -> Iterator[str]:
    """The lines of `body`, with an empty one for each line of a code block."""
    fence, in_list, was_text = "", False, False
    for line in re.split(r"\r\n|\r|\n", body):
        inner = line[_MARKERS.match(line).end() :]  # type: ignore[union-attr]  # matches anything
        opened = _FENCE.match(inner)
        is_indented = _INDENTED.match(inner) is not None
        if fence:
            fence = "" if _closes(inner, fence) else fence
            is_code = True
        elif opened and (in_list or not is_indented):
            fence, is_code = opened["fence"], True
        else:
            # In a list, indented text goes on with the item; after text, with the paragraph.
            is_code = is_indented and not in_list and not was_text
        yield "" if is_code else line
        was_text = not is_code and bool(line.strip())
        in_list = bool(_LIST_ITEM.match(line)) or (
            in_list and (not line.strip() or line[0] in " \t")
        )


def _closes(line: str, fence: str) -> bool:
    """Whether `line` is the end of a code block that began with `fence`."""
    end = line.strip()
    return len(end) >= len(fence) and set(end) == {fence[0]}
