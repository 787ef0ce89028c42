"""The compose file: nothing is reachable from outside, everything is pinned, and every secret is a file."""

import json
import os
import re
import signal
import subprocess
from importlib import metadata

import pytest
import yaml

from configs.load import load
from configs.shards import share
from tests.oracles.broker import Broker, NoBroker, free_port, start
from tests.oracles.command import phoenix
from tests.oracles.watchers import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
POM = (ROOT / "tools/kafka/pom.xml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EACH = pytest.mark.parametrize("name", SERVICES)


def test_the_desk_is_all_there():
    on_kafka = {name for name, service in SERVICES.items() if service.get("profiles") == ["kafka"]}
    assert on_kafka == {"kafka", "publisher", "venue", "trader"}
    assert set(SERVICES) - on_kafka == {"phoenix", "prometheus", "alertmanager", "grafana"}


@EACH
def test_what_is_published_is_published_to_this_machine_alone(name):
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)
    assert "network_mode" not in SERVICES[name]


def test_metrics_are_served_within_the_desk_and_published_nowhere():
    assert "ports" not in SERVICES["phoenix"]
    assert "--set=metrics.address=0.0.0.0" in SERVICES["phoenix"]["command"]


@EACH
def test_an_image_is_of_one_version(name):
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


def test_what_phoenix_is_built_on_is_of_one_version():
    (base,) = re.findall(r"^FROM (\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"python:3\.12\.\d+-slim-\w+", base)
    assert "-c constraints.txt" in DOCKERFILE


def test_grafana_is_the_one_that_the_dashboards_are_written_for():
    written_for = metadata.version("grafana-foundation-sdk").split("!")[1]
    image = SERVICES["grafana"]["image"].split(":")[1]
    assert image.split(".")[:2] == written_for.split(".")[:2]
    (schema,) = re.findall(r"@grafana/schema@(\S+)", (ROOT / "tools/install-watchers").read_text())
    assert schema == image


def test_phoenix_is_not_root_and_carries_no_secret():
    steps = re.findall(r"^([A-Z]+) (.*)$", DOCKERFILE, re.MULTILINE)
    (user,) = [what for step, what in steps if step == "USER"]
    assert user == "phoenix"
    copied = {name for step, what in steps if step == "COPY" for name in what.split()[:-1]}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


@EACH
def test_a_service_gives_up_what_it_does_not_need_and_comes_back(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] in ("unless-stopped", "on-failure:5")
    assert service["logging"]["options"]["max-size"]
    if name in ("publisher", "venue"):  # They serve nothing that could be asked.
        assert service["healthcheck"] == {"disable": True}
    else:
        assert (
            "HEALTHCHECK" in DOCKERFILE if name == "phoenix" else service["healthcheck"]["test"][0] == "CMD"
        )


def test_phoenix_goes_on_after_a_crash_but_does_not_fail_for_ever():
    assert SERVICES["phoenix"]["command"][:2] == ["run", "--resume-or-begin"]
    assert SERVICES["phoenix"]["restart"] == "on-failure:5"
    assert "runs:/phoenix/runs" in SERVICES["phoenix"]["volumes"]


def test_every_secret_is_a_file_that_git_does_not_take():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert set(COMPOSE["secrets"]) == used == {"slack_webhook_url", "grafana_admin_password"}
    manual = (ROOT / "docs/alerts.md").read_text()
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": "${PHOENIX_SECRETS:-./secrets}/" + name}
        assert f"secrets/{name}" in manual
        ignored = subprocess.run(["git", "check-ignore", "-q", f"secrets/{name}"], cwd=ROOT, check=False)
        assert ignored.returncode == 0


def test_grafana_is_opened_by_a_password_of_one_s_own():
    settings = SERVICES["grafana"]["environment"]
    assert settings["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_admin_password"  # noqa: S105 - a place
    assert "GF_SECURITY_ADMIN_PASSWORD" not in settings
    assert settings["GF_AUTH_ANONYMOUS_ENABLED"] == settings["GF_USERS_ALLOW_SIGN_UP"] == "false"


def test_no_password_stands_in_any_file():
    for path in (ROOT / "dashboards").rglob("*.yml"):
        assert not re.search(r"password|https://hooks", path.read_text()), path


@EACH
def test_what_is_mounted_is_there_and_every_volume_is_declared(name):
    for volume in SERVICES[name]["volumes"]:
        source, _, *rights = volume.split(":")
        if source.startswith("./"):
            assert (ROOT / source).is_dir()
            assert rights == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


def test_names_and_ports_are_those_that_the_others_call():
    prometheus = (ROOT / "dashboards/prometheus/prometheus.yml").read_text()
    called = re.findall(r'targets: \["([a-z]+):(\d+)"\]', prometheus)
    assert called == [("alertmanager", "9093"), ("phoenix", "9464")]
    assert "--set=metrics.port=9464" in SERVICES["phoenix"]["command"]
    grafana = (ROOT / "dashboards/grafana/provisioning/datasources/prometheus.yml").read_text()
    assert "url: http://prometheus:9090\n" in grafana


def test_runbooks_are_served_where_alerts_and_panels_point():
    volumes = [volume.split(":") for volume in SERVICES["grafana"]["volumes"]]
    assert ["./docs", "/usr/share/grafana/public/phoenix", "ro"] in volumes
    assert SERVICES["grafana"]["ports"] == ["127.0.0.1:3000:3000"]
    alerts = (ROOT / "dashboards/prometheus/rules/alerts.yml").read_text()
    places = re.findall(r"runbook_url: (\S+)/\w+\.md", alerts)
    assert set(places) == {"http://127.0.0.1:3000/public/phoenix/runbooks"}


def test_kafka_is_the_one_that_tests_are_run_against():
    image, version = SERVICES["kafka"]["image"].split(":")
    (gathered,) = re.findall(r"kafka_2\.13</artifactId>\s*<version>(.*?)<", POM)
    assert (image, version) == ("apache/kafka", gathered)
    assert SERVICES["kafka"]["ports"] == ["127.0.0.1:9092:29092"]


def test_a_broker_of_these_settings_starts_and_is_reached_by_either_door(tmp_path):
    """The image makes `a.b=c` of KAFKA_A_B=c; only addresses are others here."""
    ports = {name: free_port() for name in ("DESK", "HOST", "CONTROLLER")}
    said = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): text
        for name, text in SERVICES["kafka"]["environment"].items()
        if name.startswith("KAFKA_")
    }
    text = "".join(f"{name}={value}\n" for name, value in said.items())
    for there, here in (
        ("DESK://:19092", f"DESK://127.0.0.1:{ports['DESK']}"),
        ("HOST://:29092", f"HOST://127.0.0.1:{ports['HOST']}"),
        ("CONTROLLER://:9093", f"CONTROLLER://127.0.0.1:{ports['CONTROLLER']}"),
        ("kafka:19092", f"127.0.0.1:{ports['DESK']}"),
        ("HOST://127.0.0.1:9092", f"HOST://127.0.0.1:{ports['HOST']}"),
        ("localhost:9093", f"127.0.0.1:{ports['CONTROLLER']}"),
        ("/var/lib/kafka/data", str(tmp_path / "broker/data")),
    ):
        assert there in text
        text = text.replace(there, here)
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker/more.properties").write_text(text)
    try:
        start(tmp_path / "broker", os.getpid(), ports["HOST"], ports["CONTROLLER"])
    except NoBroker as missing:
        pytest.skip(str(missing))
    try:
        for door in ("DESK", "HOST"):
            broker = Broker(f"127.0.0.1:{ports[door]}")
            topic = broker.topic(2)
            broker.send(topic, (b"BTCUSDC", b"1"), partition=1)
            assert broker.kept(topic, 1) == [(b"BTCUSDC", b"1")]
    finally:
        os.kill(int((tmp_path / "broker/pid").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("name", ["publisher", "venue", "trader"])
def test_what_runs_on_kafka_meets_in_its_topics_and_waits_for_it(name):
    service = SERVICES[name]
    assert service["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    options = [option for option in service["command"] if option.startswith("--set=")]
    changes = dict(option.removeprefix("--set=").split("=", 1) for option in options)
    settings = load(ROOT / "configs/phoenix.yaml", [f"{key}={value}" for key, value in changes.items()])
    assert settings.kafka.bootstrap == "kafka:19092"
    if name == "publisher":
        assert f"--topic={SERVICES['trader']['command'][4].partition('topic=')[2]}" in service["command"]
        return
    trader = SERVICES["trader"]["command"]
    assert [option for option in options if option in trader] == options
    assert (settings.source.kind, settings.kafka.topic) == ("kafka", "market")
    assert (settings.kafka.orders_topic, settings.kafka.reports_topic) == ("orders", "reports")


def test_what_phoenix_is_told_is_a_valid_run(tmp_path):
    command, *options = SERVICES["phoenix"]["command"]
    assert command == "run"
    changes = [option.removeprefix("--set=") for option in options if option.startswith("--set=")]
    settings = load(ROOT / "configs/phoenix.yaml", changes)
    assert (settings.metrics.address, settings.metrics.port) == ("0.0.0.0", 9464)  # noqa: S104 - in its container
    short = ["--set=source.duration_s=1", "--set=metrics.address=127.0.0.1", "--set=metrics.port=0"]
    done = phoenix(command, *options, *short, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run/summary.json").read_text())


SHARDS = yaml.safe_load((ROOT / "docker-compose.shards.yml").read_text())["services"]


def test_shards_are_the_same_service_but_for_their_share():
    together = []
    for number, name in enumerate(("phoenix", "phoenix-2"), 1):
        told = SHARDS[name]["command"]
        assert told[1] == f"--shard={number}/2"
        assert [each for each in told if each != told[1]] == SERVICES["phoenix"]["command"]
        changes = [each.removeprefix("--set=") for each in told if each.startswith("--set=")]
        settings = load(ROOT / "configs/phoenix.yaml", [*changes, f"run.shard={number}/2"])
        together += share(settings.run, settings.symbols)
    assert sorted(together) == sorted(load(ROOT / "configs/phoenix.yaml").symbols)
    assert SHARDS["phoenix-2"]["extends"] == {"file": "docker-compose.yml", "service": "phoenix"}
    assert "9465" in SHARDS["phoenix-2"]["healthcheck"]["test"][-1]


def test_prometheus_of_the_shards_is_the_other_with_a_target_more():
    one, two = (
        yaml.safe_load((ROOT / f"dashboards/prometheus/{name}.yml").read_text())
        for name in ("prometheus", "shards")
    )
    (target,) = two["scrape_configs"][0]["static_configs"]
    assert target["targets"] == ["phoenix:9464", "phoenix-2:9465"]
    target["targets"] = ["phoenix:9464"]
    assert one == two
    files = [each for each in SHARDS["prometheus"]["command"] if each.startswith("--config.file")]
    assert files == ["--config.file=/etc/prometheus/shards.yml"]
    rest = [each for each in SERVICES["prometheus"]["command"] if not each.startswith("--config.file")]
    assert SHARDS["prometheus"]["command"] == [*files, *rest]
