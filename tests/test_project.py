"""The project as a checkout: what it promises to install, and what its files may not say."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def needed(requirements: list[str]) -> set[str]:
    """Name what these requirements bring here, and what those bring in turn."""
    wanted = [
        r for r in map(Requirement, requirements) if r.marker is None or r.marker.evaluate({"extra": ""})
    ]
    names = {canonicalize_name(requirement.name) for requirement in wanted}
    return names.union(*(needed(metadata.requires(name) or []) for name in names))


def files_to_commit() -> list[Path]:
    """Return every file that git has or would take."""
    listing = [where("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    git = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if not git.stdout:
        pytest.skip("git does not know this folder")
    return [path for name in git.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_every_constraint_is_an_exact_version_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    odd = [line for line in lines if not re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.!]*", line)]
    assert odd == []


def test_every_declared_dependency_has_its_exact_version_within_its_bounds():
    exact = pins()
    for requirement in map(Requirement, [*PROJECT["dependencies"], *EXTRAS["dev"], *EXTRAS["bench"]]):
        assert exact[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_what_dependencies_bring_with_them_is_pinned_too():
    wanted = needed([*PROJECT["dependencies"], *EXTRAS["dev"]])
    assert "llvmlite" in wanted
    assert wanted - pins().keys() == set()


def test_the_checkout_s_own_environment_holds_the_pinned_versions():
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip(f"this Python belongs to {sys.prefix}, not to the checkout's .venv")
    wanted = needed([*PROJECT["dependencies"], *EXTRAS["dev"]])
    wrong = {name: metadata.version(name) for name in wanted if metadata.version(name) != pins()[name]}
    assert wrong == {}


def test_this_python_is_one_that_the_project_declares():
    assert "{}.{}.{}".format(*sys.version_info) in SpecifierSet(PROJECT["requires-python"])


def test_no_file_names_somebody_s_home_folder():
    homes = re.compile(r"/home/\w|/Users/\w|/root\b/|C:\\Users")
    told = [path for path in files_to_commit() if homes.search(path.read_text("utf-8", "replace"))]
    assert told == []


def test_the_licence_is_the_one_that_is_declared():
    text = (ROOT / "LICENSE").read_text()
    assert PROJECT["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert re.search(r"Copyright 20\d\d Project Phoenix contributors", text)


class Machine:
    """A checkout and a PATH that holds the usual tools and whatever Pythons a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.checkout = folder / "bin", folder / "a checkout"
        self.bin.mkdir()
        shutil.copytree(ROOT / "tools", self.checkout / "tools")
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.checkout)
        for tool in ("sh", "sed", "cat", "rm", "mkdir", "touch"):
            (self.bin / tool).symlink_to(where(tool))

    def put(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.write_text(script)
        path.chmod(0o755)
        return path

    def pretend(self, name: str, what: str) -> Path:
        """Put this Python there, changed by one line of code before it is asked anything."""
        return self.put(name, f'#!/bin/sh\nexec "{sys.executable}" -c "{what}; exec(sys.argv[2])" "$@"\n')

    def pretend_version(self, name: str, version: tuple[int, int, int]) -> Path:
        told = f"sys.version_info = {version}; sys.executable = {str(self.bin / name)!r}"
        return self.pretend(name, f"import sys; {told}")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.bin), "PYENV_ROOT": str(self.bin)}
        return subprocess.run(
            command, cwd=self.checkout, env=environment, capture_output=True, text=True, check=False
        )

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(where("make"), *arguments)

    def find_python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("sh", "tools/find-python", *arguments)


def where(tool: str) -> str:
    return shutil.which(tool) or pytest.skip(f"{tool} is not installed")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def complaint(outcome):
    """Return the one thing that was said on stderr, beside make's own last word."""
    assert outcome.returncode != 0
    (said,) = [line for line in outcome.stderr.splitlines() if "***" not in line]
    return said


def test_make_run_without_any_python_says_what_is_needed(machine):
    assert complaint(machine.make("run")) == (
        "Phoenix needs Python 3.11 or 3.12 with venv; found none on PATH. "
        "Install one, or name it: make PYTHON=/path/to/python3.12 run."
    )
    assert not (machine.checkout / ".venv").exists()


def test_make_run_with_a_later_python_says_which_and_where(machine):
    path = machine.pretend_version("python3", (3, 13, 0))
    assert f"found 3.13.0 at {path}. Install" in complaint(machine.make("run"))


def test_every_python_that_was_found_is_named_once(machine):
    machine.pretend_version("python3", (3, 13, 0))
    machine.pretend_version("python", (2, 7, 18))
    said = complaint(machine.make("run"))
    assert f"found 3.13.0 at {machine.bin}/python3, 2.7.18 at {machine.bin}/python. Install" in said


def test_a_python_without_venv_is_told_apart(machine):
    machine.pretend("python3", "import sys; sys.modules['ensurepip'] = None")
    assert " without venv at " in complaint(machine.make("run"))


def test_a_python_named_by_hand_is_the_only_one_looked_at(machine):
    path = machine.pretend_version("python3.13", (3, 13, 0))
    machine.pretend_version("python3.12", (3, 12, 1))
    assert f"found 3.13.0 at {path}." in complaint(machine.make(f"PYTHON={path}", "run"))
    assert "no working Python at /nowhere" in complaint(machine.make("PYTHON=/nowhere", "run"))


def test_a_shim_that_cannot_run_is_passed_over(machine):
    machine.put("python3.11", "#!/bin/sh\necho 'shim: python3.11: command not found' >&2\nexit 127\n")
    path = machine.pretend_version("python3.12", (3, 12, 1))
    outcome = machine.find_python()
    assert (outcome.stdout, outcome.stderr, outcome.returncode) == (f"{path}\n", "", 0)


def test_an_interpreter_that_is_not_cpython_is_passed_over(machine):
    machine.pretend("python3", "import sys, types; sys.implementation = types.SimpleNamespace(name='pypy')")
    assert machine.find_python().returncode == 1
