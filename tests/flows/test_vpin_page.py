import re
import shlex
import subprocess
from pathlib import Path

import pytest

from configs.schema_quoting import Vpin
from flows.vpin import VPINCalculator, command
from flows.vpin.command import app

PAGE = (Path(__file__).parents[2] / "docs" / "vpin_command.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def run(line):
    program, *options = shlex.split(line)
    if program == "phoenix":
        app(args=options[1:], prog_name="phoenix vpin", standalone_mode=False)
    else:
        print(subprocess.run([program, *options], capture_output=True, check=True, text=True).stdout, end="")  # noqa: T201


def test_the_page_shows_what_its_commands_print(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "is_cold", lambda: False)
    (tape,) = blocks("csv")
    Path("tape.csv").write_text(tape)
    sessions = re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", "".join(blocks("console")), re.MULTILINE)
    assert len(sessions) == 3
    for line, shown in sessions:
        run(line)
        told = capsys.readouterr()
        assert told.out + told.err == shown


def test_the_page_s_program_does_what_it_says():
    (program,) = blocks("python")
    names: dict[str, VPINCalculator] = {}
    exec(program, names)  # noqa: S102 - our own page
    assert names["calculator"].get_vpin() == 0.6


@pytest.mark.parametrize("word", re.findall(r"--([a-z-]+)", PAGE))
def test_every_option_on_the_page_is_one(word):
    own = {"tick_size", "lot_size", "symbol", "out", "plot", "suggest", "share", "seed"}
    assert word.replace("-", "_") in own | set(Vpin.model_fields)
