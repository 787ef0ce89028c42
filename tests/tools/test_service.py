"""The systemd unit of a shard: systemd takes it, and what it starts is a run."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from configs.load import load
from tests.oracles.command import phoenix
from tests.oracles.runs import PROFILE, ROOT

UNIT = ROOT / "tools" / "phoenix@.service"
TEXT = UNIT.read_text()


def values(key):
    return re.findall(rf"^{key}=(.*)$", TEXT, re.MULTILINE)


def test_systemd_finds_nothing_wrong_with_it(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    (program,) = re.findall(r"^ExecStart=(\S+)", TEXT, re.MULTILINE)
    copy = tmp_path / UNIT.name
    copy.write_text(TEXT.replace(program, sys.executable))
    instance = tmp_path / "phoenix@2.service"
    done = subprocess.run(
        ["systemd-analyze", "verify", str(instance)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "phoenix" in line]) == (0, [])


def test_what_it_starts_is_a_shard_that_goes_on_by_itself(tmp_path):
    (line,) = values("ExecStart")
    (shards,) = values("Environment")
    name, _, number = shards.partition("=")
    _, command, *options = shlex.split(line.replace("%i", "1").replace(f"${{{name}}}", number))
    at = options.index("--config")
    options[at + 1] = str(PROFILE)
    more = [f"run.directory={tmp_path}", "source.duration_s=1", "metrics.port=0", "run.report=false"]
    done = phoenix(command, *options, *(part for each in more for part in ("--set", each)))
    assert done.returncode == 0, done.stderr
    (out,) = tmp_path.glob(f"*-phoenix-1of{number}-1")
    assert load(out / "config.yaml").run.shard == f"1/{number}"


def test_it_is_tried_again_after_a_crash_and_not_after_a_mistake():
    assert values("Restart") == ["on-failure"]
    assert values("RestartPreventExitStatus") == ["2 3"]
    assert values("KillSignal") == []  # SIGTERM, which a run stops at with a checkpoint.


def test_every_shard_sees_the_same_claims():
    assert values("WorkingDirectory") == ["/var/lib/phoenix"]
    assert values("StateDirectory") == ["phoenix"]
    assert load(PROFILE).run.directory == "runs"
