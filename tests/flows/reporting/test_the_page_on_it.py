"""What docs/read_the_report.md says is true: its commands run, and its words are the page's."""

import re
import shlex
import shutil

import pytest

from tests.conftest import ROOT
from tests.oracles.command import phoenix
from tests.oracles.runs import fused, lively, made

PAGE = (ROOT / "docs" / "read_the_report.md").read_text(encoding="utf-8")


def test_its_commands_do_what_they_are_for(tmp_path):
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    commands = [line.removeprefix("$ ") for line in block.splitlines()]
    assert len(commands) == 5
    for command in commands:
        program, *options = shlex.split(command)
        assert program == "phoenix"
        done = phoenix(*(each.replace("runs/", f"{tmp_path}/") for each in options))
        assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        *("summary.csv", "markouts.csv", "samples.csv", "fills.csv"),
    }
    assert (tmp_path / "compared.html").is_file()
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize("title", re.findall(r"\*([A-Z][^*]+)\*(?!\*)", PAGE))
def test_every_figure_that_it_explains_is_there(title, drawn):
    assert f"<h3>{title}</h3>" in drawn


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "run"
    return (fused(made(out, "run.report=true", *lively("BTCUSDC", seconds=5))) / "report.html").read_text()
