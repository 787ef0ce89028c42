"""Every command on the pages is typed, in the order of its page, or stands here with the reason why not."""

import re
import shlex
import shutil

import pytest

from flows.frames import Frames
from tests.oracles.checkout import BEGUN, FINISHED, lay_out
from tests.oracles.pages import ROOT, is_command, pages
from tests.oracles.reader import FEW, PACED, Reader

QUICK = "--set metrics.port=0"
SHORTER = {
    PACED: f'{QUICK} --set source.duration_s=120 --set "{FEW}"',
    "phoenix run --resume": "--set source.speed=0",
    "phoenix run --help": "",
    "phoenix run --config": QUICK,
    "phoenix run": f'{QUICK} --set source.duration_s=5 --set "{FEW}"',
    "phoenix halt": "--wait 60",
    "phoenix resume-trading": "--wait 60",
}
"""What is added to commands that begin so, the first that fits.

A market of less time, no port that others want, and patience with a busy machine.
"""
UNTRIED = {
    r"\. \.venv/bin/activate": "nothing is installed into a .venv here: `phoenix` is on the path already",
    r"docker compose ": "wants a Docker daemon",
    r"phoenix (publish|run) .*(--topic|kafka\.topic)": "wants a broker; tests/flows/test_kafka.py runs one",
    r"phoenix venue": "wants a broker; tests/flows/test_venue.py runs one",
    r"phoenix run --shard": "wants several symbols, and a process each; tests/flows/test_shards.py runs them",
    r"phoenix reshard ": "wants shards that were stopped; tests/flows/test_resharding.py moves some",
    r"sudo ": "changes the machine; tests/tools/test_service.py has systemd look at the unit",
    r"prometheus": "listens at a port of the machine; tests/dashboards runs it at free ones",
    r"promtool ": "may be missing; tests/dashboards runs it where it is",
    r"amtool ": "talks to a running Alertmanager; tests/dashboards runs one",
}
"""What is not typed at all, and why."""
INSTEAD = {
    r"python -m benchmarks (\w+)(?: --quick)?": (
        r"""grep '^    "\1",$' ROOT/benchmarks/__main__.py && grep '^def measure' ROOT/benchmarks/\1.py""",
        "takes minutes; that there is such a benchmark is looked up",
    ),
    r"python -m bytewax\.run": (r"\g<0> --help", "it is named, not run"),
    r"make (.*)": (r"make -n \1", "installs, or runs these very tests; what it would do is printed"),
}
"""What is typed in place of another command, and why."""
PAGES = [page for page in pages() if page.commands()]


def typed(command, in_prose):
    """Return what is typed for a command of a page; None where that is nothing."""
    if any(re.match(pattern, command) for pattern in UNTRIED):
        return None
    if in_prose and re.fullmatch(r"phoenix [\w-]+", command):
        return f"{command} --help"  # In prose it is the command's name.
    for pattern, (other, _) in INSTEAD.items():
        if found := re.fullmatch(pattern, command):
            return found.expand(other).replace("ROOT", shlex.quote(str(ROOT)))
    return command


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A checkout with two runs that came to their end."""
    folder = lay_out(tmp_path_factory.mktemp("checkout"))
    reader = Reader(folder, {})
    code, said = reader.follow(
        f"phoenix run --driver research --out {FINISHED} --set source.duration_s=5 --set '{FEW}'"
    )
    assert code == 0, said
    shutil.copytree(folder / FINISHED, folder / BEGUN)
    return folder


@pytest.fixture
def reader(checkout, tmp_path):
    own = tmp_path / "checkout"
    shutil.copytree(checkout, own)
    reader = Reader(own, SHORTER)
    yield reader
    reader.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_does_what_it_is_there_for(page, reader):
    spans = set(page.spans())
    for command in page.commands():
        assert is_command(command), f"{page.name}: no known program, or no command: {command}"
        line = typed(command, command in spans)
        if line is not None:
            code, said = reader.follow(line)
            assert code == 0, f"{page.name}: {line}\n{said}"


def test_what_is_printed_from_declarations_is_what_stands_there(reader):
    for page in ("configuration.md", "summary.md"):
        before = (reader.folder / "docs" / page).read_text()
        (command,) = [
            span for each in pages() for span in each.spans() if span.endswith(f"> docs/{page}")
        ] or [f"python -m connectors.fields > docs/{page}"]
        assert reader.follow(command)[0] == 0
        assert (reader.folder / "docs" / page).read_text() == before


def test_the_first_page_s_program_shows_what_toxicity_was(monkeypatch):
    (program,) = pages()[0].blocks("python")
    monkeypatch.chdir(ROOT)
    names: dict[str, Frames] = {}
    exec(program, names)  # noqa: S102 - our own page
    assert len(names["run"].readings.filter(symbol="DOGEUSDC")) > 0


def test_every_program_on_a_page_has_a_test():
    tested = {"README.md", "docs/quoting_models.md", "docs/toxicity_measures.md", "docs/vpin_command.md"}
    tested |= {"docs/kafka.md"}  # its consumer: tests/flows/test_topics.py
    assert {page.name for page in pages() if page.blocks("python")} == tested


def test_every_reason_not_to_type_a_command_is_one_for_some_command():
    commands = [command for page in PAGES for command in page.commands()]
    patterns = (*UNTRIED, *INSTEAD)
    assert [p for p in patterns if not any(re.match(p, command) for command in commands)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# T\n\n    make run   # at once\n\n- a list\n  goes on\n", ["make run"]),
        ("See `phoenix check\nFILE`, and `kill -9`, `phoenix`, `runs/…/halt`.\n", ["phoenix check FILE"]),
        ("```sh\nA=1 python -m x \\\n  --set y\n```\n", ["A=1 python -m x --set y"]),
        ("```console\n$ cut -f1 x\n1\n```\n```yaml\nmake: 1\n```\n", ["cut -f1 x"]),
        ("```\nmake test\nsource ──► book\n```\n", ["make test"]),
        ("    nonsense x\n", ["nonsense x"]),
    ],
)
def test_commands_are_found_wherever_a_page_has_them(text, expected):
    page = PAGES[0]._replace(text=text)
    assert page.commands() == expected
