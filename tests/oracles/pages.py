"""The project's pages, taken apart: commands, links, headings, and names in backticks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OURS = ("make", "phoenix", ".venv/bin/phoenix", "python", ".venv/bin/python")
WATCHERS = ("prometheus", "promtool", "prometheus-alertmanager", "alertmanager", "amtool", "docker")
USUAL = (
    "kill",
    "mkdir",
    "touch",
    "cp",
    "mv",
    "rm",
    "sed",
    "cut",
    "printf",
    "chmod",
    "cat",
    "sh",
    "bash",
    ".",
)
OTHERS = ("pip", "git", "curl", "openssl", "sudo")
FLAGS = ("--help", "--reduce", "--resume", "--quick")
"""Options that want nothing after them."""
PROGRAMS = frozenset((*OURS, *WATCHERS, *USUAL, *OTHERS))
SHELLS = ("sh", "bash", "console")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}[^\n]*\n+)+", re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"(?<!!)\[[^]\[]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


class Page(NamedTuple):
    """A page with its code blocks set apart."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """From the root of the project."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """All that is no block of code."""
        return INDENTED.sub("\n", FENCE.sub("", self.text))

    def blocks(self, language: str) -> list[str]:
        """Return the fenced blocks of a language."""
        return [body for found, body in FENCE.findall(self.text) if found == language]

    def spans(self) -> list[str]:
        """Return what stands in backticks, on one line each."""
        return [" ".join(span.split()) for span in SPAN.findall(self.prose)]

    def links(self) -> list[str]:
        """Return where links lead."""
        return LINK.findall(SPAN.sub("", self.prose))

    def anchors(self) -> set[str]:
        """Return what a link may name in this page."""
        found: dict[str, int] = {}
        for heading in HEADING.findall(FENCE.sub("", self.text)):
            slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            found[slug] = found.get(slug, -1) + 1
        return {slug if not n else f"{slug}-{n}" for slug, last in found.items() for n in range(last + 1)}

    def commands(self) -> list[str]:
        """Return every command of the page, in its order."""
        return [command for _, command in sorted(self._commands())]

    def _commands(self) -> Iterator[tuple[int, str]]:
        plain = FENCE.sub(lambda found: " " * len(found[0]), self.text)
        for found in FENCE.finditer(self.text):
            for at, line in _lines(found[2]):
                if found[1] == "console" and not line.startswith("$ "):
                    continue
                if found[1] in SHELLS or (not found[1] and is_command(line)):
                    yield found.start(2) + at, line.removeprefix("$ ")
        for found in INDENTED.finditer(plain):
            for at, line in _lines(found[0]):
                if not line.startswith("{"):
                    yield found.start() + at, line
        for found in SPAN.finditer(INDENTED.sub(lambda block: " " * len(block[0]), plain)):
            span = " ".join(found[1].split())
            if is_command(span) and is_whole(span):
                yield found.start(), span


def _lines(block: str) -> Iterator[tuple[int, str]]:
    """Yield commands with their places: comments are left out, lines that go on are joined."""
    joined = re.sub(r"\\\n", lambda _: "  ", block)
    at = 0
    for line in joined.split("\n"):
        text = re.sub(r"(^|\s+)# .*$", "", line).strip()
        if text:
            yield at, " ".join(text.split())
        at += len(line) + 1


def is_command(text: str) -> bool:
    """Say whether a text begins as a command does, settings of its environment aside."""
    words = [word for word in text.split() if not re.match(r"[A-Z_]+=", word)]
    return bool(words) and words[0] in PROGRAMS


def is_whole(span: str) -> bool:
    """Say whether words in backticks are a command as it is typed, and not the name of one."""
    words = span.split()
    goes_on = words[-1].startswith("-") and words[-1] not in FLAGS
    return len(words) > 1 and "…" not in span and not goes_on


def pages() -> list[Page]:
    """Return every page of the project."""
    return [Page(path, path.read_text(encoding="utf-8")) for path in PAGES]
