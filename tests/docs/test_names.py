"""What pages name in backticks is there: settings, metrics, files, fields of the summary, reasons."""

import re

import pytest

from configs.schema import PER_SYMBOL, SHARED
from connectors.fields import FIELDS
from connectors.recorded.letters import Reason
from flows.cli import app
from tests.oracles.pages import ROOT, pages

PAGES = pages()
SECTIONS = {**SHARED, **PER_SYMBOL}
METRICS = ROOT / "docs" / "metrics.md"
FILE = re.compile(
    r"(?:\.ci|benchmarks|configs|connectors|dashboards|docs|flows|operators|tests|tools)/[\w./*-]+\.\w+"
)
SUFFIXES = ("jsonl", "yaml", "py", "md", "png", "svg", "parquet", "csv")
MADE = re.compile(r"docs/\S+\.png")


def keys():
    """Return every setting, as `vpin.threshold`."""
    return {f"{name}.{field}" for name, section in SECTIONS.items() for field in section.model_fields}


def is_field(name):
    """Say whether the summary has such a field; a star stands for any name, and `.` leads deeper."""
    shapes = [re.escape(field).replace(r"\*", r"\w+") for field in FIELDS]
    return any(re.match(rf"{re.escape(name)}(\.|$)", field) for field in FIELDS) or any(
        re.fullmatch(shape, name) or re.match(rf"{name}\.", field.replace("*", name.partition(".")[2]))
        for shape, field in zip(shapes, FIELDS, strict=True)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_that_is_named_is_one(page):
    named = {
        match[1]
        for span in page.spans()
        for match in re.finditer(
            r"(?:^|[\s,=]|symbols\.[A-Z]+\.)((?:[a-z]+)\.[a-z][a-z_]*)(?![\w.]*\.\w)", span
        )
        if match[1].partition(".")[0] in SECTIONS and match[1].partition(".")[2] not in SUFFIXES
    }
    assert {name for name in named if name not in keys() and not is_field(name)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_metric_that_is_named_is_one(page):
    known = set(re.findall(r"mm_\w+", METRICS.read_text(encoding="utf-8"))) if METRICS.is_file() else set()
    assert {name for name in re.findall(r"\bmm_\w+\b", page.text) if name not in known} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_is_there(page):
    named = {name for span in page.spans() for name in FILE.findall(span) if not MADE.fullmatch(name)}
    assert {name for name in named if not list(ROOT.glob(name))} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_is_one(page):
    known = {command.name for command in app.registered_commands}
    named = {
        match[1] for span in page.spans() if (match := re.match(r"(?:\.venv/bin/)?phoenix ([a-z-]+)", span))
    }
    assert named - known == set()


def test_every_reason_for_a_dead_letter_is_explained_and_no_other():
    (page,) = [page for page in PAGES if page.name == "docs/replay_my_data.md"]
    table = page.text.partition("## What is set aside")[2]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == {*Reason}


def test_fields_of_the_summary_named_before_real_money_are_fields():
    (page,) = [page for page in PAGES if page.name == "docs/before_real_money.md"]
    first = page.text.partition("| look at |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in first.splitlines() if row.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`([\w.]+)`", cell)}
    assert len(named) > 15
    assert {name for name in named if not is_field(name)} == set()
