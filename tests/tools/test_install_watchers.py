"""`tools/install-watchers` on machines that have nothing, or may not be changed."""

import shutil
import subprocess

import pytest

from tests.oracles.watchers import ROOT

PACKAGES = [
    *("chromium", "chromium-driver", "default-jre-headless", "maven"),
    *("prometheus", "prometheus-alertmanager"),
]


class Machine:
    """A checkout, and a PATH that holds what the script itself needs and nothing else."""

    def __init__(self, folder):
        self.bin, self.checkout = folder / "bin", folder / "checkout"
        self.bin.mkdir()
        shutil.copytree(ROOT / "tools", self.checkout / "tools")
        for tool in ("sh", "dirname", "mkdir", "sort"):
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.put("id", "echo 1000")

    def put(self, name, script):
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def install(self):
        command = ["sh", str(self.checkout / "tools/install-watchers")]
        return subprocess.run(
            command, env={"PATH": str(self.bin)}, capture_output=True, text=True, check=False
        )


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_what_cannot_be_had_is_one_line_and_no_failure(machine):
    done = machine.install()
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.endswith(f": {' '.join(PACKAGES)} Grafana's schema")


def test_who_is_not_root_changes_no_packages(machine):
    machine.put("apt-get", f"echo called > {machine.checkout}/called")
    assert machine.install().returncode == 0
    assert not (machine.checkout / "called").exists()


def test_the_schema_is_asked_for_by_its_exact_version(machine):
    machine.put("node", "true")
    machine.put("npm", f'echo "$*" > {machine.checkout}/asked; exit 1')
    assert machine.install().stdout.endswith("Grafana's schema\n")
    asked = (machine.checkout / "asked").read_text()
    assert asked.startswith("install --prefix .cache/grafana-schema ")
    assert asked.endswith("@grafana/schema@11.6.9 typescript@5.9.3\n")


def test_what_is_there_is_passed_over_in_silence(machine):
    for program in (
        "prometheus",
        "promtool",
        "prometheus-alertmanager",
        "amtool",
        "chromium",
        "chromedriver",
        "java",
        "mvn",
    ):
        machine.put(program, "exit 1")
    schema = machine.checkout / ".cache/grafana-schema"
    (schema / "node_modules/typescript").mkdir(parents=True)
    (schema / "made").touch()
    done = machine.install()
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
