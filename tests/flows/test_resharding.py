"""Symbols moved to other shards in the middle: orders and fills of one run that was left alone."""

import contextlib
import json
import re
import shutil
import sqlite3

import pytest

from connectors.checkpoints import read_states
from connectors.switch import read_switch
from flows import resharding
from flows.halting import throw
from flows.resharding import reshard
from operators.errors import CheckpointRefused, RunDirectoryError
from operators.rows import HALT, RESUME
from tests.oracles.command import phoenix
from tests.oracles.kills import wait_for_growth
from tests.oracles.runs import UNREPORTED, fused, lines, lively, made
from tests.oracles.shards import begin, finish, parts

SYMBOLS = ("BTCUSDC", "DOGEUSDC", "ETHUSDC", "SOLUSDC")
MARKET = lively(*SYMBOLS, seconds=6)
DAY = "20250101-phoenix"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = fused(made(tmp_path_factory.mktemp("whole") / "run", *MARKET))
    assert (out / "fills.jsonl").read_bytes().count(b"\n") > 15
    return parts([out])


def killed(folder, n, *more):
    """Return the directories of shards that were killed in the middle; 0 shards are the whole."""
    shares = [f"run.shard={k}/{n}" for k in range(1, n + 1)] or ["run.shard=null"]
    outs = [folder / f"{DAY}-{k}of{n}-1" for k in range(1, n + 1)] or [folder / f"{DAY}-1"]
    alive = []
    for turn, (out, own) in enumerate(zip(outs, shares, strict=True), 1):
        process = begin(out, (*MARKET, f"run.directory={folder}", "source.speed=2", *more, own))
        wait_for_growth(out, process)
        process.join(0.4 * turn)
        alive.append(process.is_alive())
        process.kill()
        process.join()
    assert any(alive)
    return outs


def gone_on(folder, outs, *more):
    own = (*MARKET, f"run.directory={folder}", "source.speed=0", *more)
    return [finish(out, (*own, f"run.shard={k}/{len(outs)}"), resume=True) for k, out in enumerate(outs, 1)]


@pytest.mark.parametrize(("before", "after"), [(2, 3), (0, 2), (3, 1)])
def test_symbols_of_killed_shards_go_on_in_others_as_if_nothing_had_been(whole, tmp_path, before, after):
    olds = killed(tmp_path, before)
    news = reshard(olds, after)
    assert [path.name.split("-", 1)[1] for path in news] == [
        f"phoenix-{k}of{after}-1" for k in range(1, after + 1)
    ]
    half = parts(olds, ["orders"])
    assert any(half[name] != whole[name] for name in half)
    assert any(len(text) > 0 for text in half.values())
    assert parts(gone_on(tmp_path, news)) == whole


def test_shards_move_twice_and_are_killed_in_between(whole, tmp_path):
    two = killed(tmp_path, 2)
    three = reshard(two, 3)
    settings = (*MARKET, f"run.directory={tmp_path}", "source.speed=4")
    for k, out in enumerate(three, 1):
        process = begin(out, (*settings, f"run.shard={k}/3"), resume=True)
        process.join(0.2 * k + 0.3)
        process.kill()
        process.join()
    assert parts(gone_on(tmp_path, reshard(three, 2))) == whole


def test_a_stopped_and_a_finished_shard_move_too(whole, tmp_path):
    one, _ = killed(tmp_path, 2)
    two = tmp_path / f"{DAY}-2of2-1"
    shutil.rmtree(two)
    finish(two, (*MARKET, f"run.directory={tmp_path}", "run.shard=2/2"))
    assert "stopped" not in json.loads((two / "summary.json").read_text())
    assert parts(gone_on(tmp_path, reshard([one, two], 3))) == whole


def test_a_shard_that_never_committed_anything_begins(whole, tmp_path):
    one, two = killed(tmp_path, 2)
    for path in (two / "checkpoint").iterdir():
        path.unlink()
    from bytewax.recovery import init_db_dir  # noqa: PLC0415 - as a run begins

    init_db_dir(two / "checkpoint", 1)
    assert read_states(two / "checkpoint") == {}
    assert parts(gone_on(tmp_path, reshard([one, two], 3))) == whole


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun")
    killed(folder, 2)
    return folder


@pytest.fixture
def olds(begun, tmp_path):
    """Two shards that were killed, as a copy."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return [tmp_path / f"{DAY}-{k}of2-1" for k in (1, 2)]


class Killed(BaseException):
    """The process ends here."""


STEPS = ["_retire", "_make", "write_states", "_finish", "_write", "_name_it"]


@pytest.mark.parametrize("at", range(18))
def test_moving_that_is_killed_anywhere_is_finished_by_the_same_command(olds, tmp_path, monkeypatch, at):
    """Without a market: what counts is where each symbol's state stands, once and whole."""
    before = {symbol: own for old in olds for symbol, own in read_states(old / "checkpoint").items()}
    calls = 0

    def deadly(work):
        def call(*given):
            nonlocal calls
            calls += 1
            if calls == at + 1:
                raise Killed
            return work(*given)

        return call

    with monkeypatch.context() as patched:
        for step in STEPS:
            patched.setattr(resharding, step, deadly(getattr(resharding, step)))
        try:
            news = reshard(olds, 3)
        except Killed:
            news = []
    if not news:
        alive = [
            path for path in tmp_path.iterdir() if (path / "checkpoint").is_dir() and path.suffix != ".new"
        ]
        assert not any("of3" in path.name for path in alive) or not any("of2" in path.name for path in alive)
        news = reshard(olds, 3)
    after = {symbol: own for new in news for symbol, own in read_states(new / "checkpoint").items()}
    assert set(after) == set(before)
    for symbol, own in after.items():
        assert {step: kept for step, kept in own.items() if step != "phoenix.source"} == {
            step: kept for step, kept in before[symbol].items() if step != "phoenix.source"
        }
    assert not list(tmp_path.glob("*.new"))
    with pytest.raises(RunDirectoryError, match="went on in"):
        reshard(olds, 3)


def test_what_is_not_the_whole_or_does_not_fit_is_refused_and_nothing_is_moved(olds, tmp_path):
    one, two = olds
    (tmp_path / "empty").mkdir()
    other = tmp_path / "other"
    shutil.copytree(two, other)
    text = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(text.replace("multiplier: 0.2", "multiplier: 0.3"))
    for runs, into, said in (
        ([one], 3, r"name all runs of the configuration: .* stands? in none"),
        ([one, two, one.parent / "empty"], 3, "holds no run"),
        ([one, other], 3, r"was begun with another .*vpin\.multiplier"),
        ([one, two], 5, "4 symbols cannot be dealt to 5 shards"),
        ([one, two], 0, "cannot be dealt to 0"),
    ):
        with pytest.raises(RunDirectoryError, match=said):
            reshard(runs, into)
    another = tmp_path / "another"
    shutil.copytree(two, another)
    with contextlib.closing(sqlite3.connect(another / "checkpoint" / "part-0.sqlite3")) as store, store:
        store.execute("UPDATE snaps SET step_id = replace(step_id, 'phoenix.', 'venue.')")
    with pytest.raises(RunDirectoryError, match="another holds no run of a desk"):
        reshard([one, another], 3)
    copy = tmp_path / "copy"
    shutil.copytree(two, copy)
    with pytest.raises(RunDirectoryError, match="in more than one of these runs"):
        reshard([one, two, copy], 3)
    assert all((old / "checkpoint").is_dir() for old in olds)
    assert not [path for path in tmp_path.iterdir() if "of3" in path.name]


def test_a_run_that_is_on_is_not_moved(tmp_path):
    settings = (
        *MARKET,
        f"run.directory={tmp_path}",
        "source.speed=1",
        "source.duration_s=600",
        "run.shard=1/1",
    )
    out = tmp_path / f"{DAY}-1of1-1"
    process = begin(out, settings)
    wait_for_growth(out, process)
    with pytest.raises(RunDirectoryError, match="is being written by another process"):
        reshard([out], 2)
    process.kill()
    process.join()
    assert (out / "checkpoint").is_dir()


def test_runs_of_other_code_are_not_moved(olds, monkeypatch):
    monkeypatch.setattr(resharding, "code_digest", lambda _: "f" * 16)
    with pytest.raises(CheckpointRefused, match="code version"):
        reshard(olds, 3)
    assert all((old / "checkpoint").is_dir() for old in olds)


def test_nobody_goes_on_with_what_was_moved(olds, tmp_path):
    options = [
        part for each in (f"run.directory={tmp_path}", UNREPORTED, *MARKET) for part in ("--set", each)
    ]
    done = phoenix("reshard", *olds, "--into", 3)
    assert done.returncode == 0, done.stderr
    news = re.findall(r"`phoenix run --resume --out (\S+)` goes on", done.stdout)
    assert [path.rsplit("-", 2)[1] for path in news] == ["1of3", "2of3", "3of3"]
    for how in (["--resume", "--out", olds[0]], ["--resume-or-begin", "--shard", "1/2"]):
        done = phoenix("run", *options, *how)
        assert done.returncode in (1, 2)
        assert all(path in done.stderr for path in news)
    done = phoenix("run", *options, "--resume-or-begin", "--shard", "1/3")
    assert done.returncode == 0, done.stderr
    assert f"Going on with {news[0]}\n" in done.stderr


def test_what_is_halted_stays_halted(olds):
    throw(olds[0], ["BTCUSDC"], HALT, "by hand", 0)
    news = reshard(olds, 3)
    wishes = {
        symbol: (wanted.get(symbol) or wanted["*"]).wish
        for new in news
        if (wanted := read_switch(new / "halt"))
        for symbol in SYMBOLS
    }
    assert wishes["BTCUSDC"] == HALT
    assert {wish for symbol, wish in wishes.items() if symbol != "BTCUSDC"} == {RESUME}


def test_what_is_told_in_topics_goes_on_under_the_same_names_and_numbers(real_broker, tmp_path):
    orders = real_broker.topic()
    settings = (f"kafka.bootstrap={real_broker.bootstrap}", f"kafka.orders_topic={orders}")
    olds = killed(tmp_path, 2, *settings)
    names = {json.loads((old / "told_as.json").read_text())["run"] for old in olds}
    assert len(names) == 2
    news = gone_on(tmp_path, reshard(olds, 3), *settings)
    told: dict[tuple[str, str], dict[int, bytes]] = {}
    for key, value in real_broker.kept(orders):
        line = json.loads(value)
        assert line["run"] in names
        there = told.setdefault((line["run"], key.decode()), {})
        assert there.setdefault(line["n"], value) == value, "conflicts with what was told before"
    assert {symbol for _, symbol in told} == set(SYMBOLS)
    for (_, symbol), there in told.items():
        (part,) = [
            new / "orders" / f"{symbol}.jsonl"
            for new in news
            if (new / "orders" / f"{symbol}.jsonl").exists()
        ]
        assert sorted(there) == list(range(1, part.read_bytes().count(b"\n") + 1))


@pytest.mark.usefixtures("real_broker")
def test_a_desk_at_a_venue_elsewhere_moves_and_both_still_agree(floor_of, tmp_path):
    floor = floor_of(lively("BTCUSDC", "DOGEUSDC", seconds=20))
    floor.begin(f"run.directory={tmp_path}")
    floor.until(floor.has_traded, "nothing was filled")
    floor.kill("desk")
    run = json.loads((tmp_path / "desk" / "told_as.json").read_text())["run"]
    news = [path.name for path in reshard([tmp_path / "desk"], 2)]
    for name in news:
        floor.trade(resume=True, out=name)
    for name in news:
        floor.wait(name)
    desks = {symbol: figures for name in news for symbol, figures in floor.summary(name).items()}
    venue = floor.close_venue()
    (orders, _), (reports, _) = floor.told(floor.orders, "order"), floor.told(floor.reports, "report")
    assert set(orders) == set(reports) == {(run, symbol) for symbol in desks}
    written = [each for name in news for each in lines(tmp_path / name / "fills.jsonl")]
    for symbol, figures in desks.items():
        assert figures["position"] == venue[symbol]["position"]
        assert venue[symbol]["live"] == []
        assert figures["faults"] == {}
        placed = [each["id"] for each in orders[run, symbol] if each["op"] == "place"]
        assert len(set(placed)) == len(placed), "an order was placed twice"
        fills = [each["id"] for each in reports[run, symbol] if each["what"] == "filled"]
        assert fills == [each["id"] for each in written if each["symbol"] == symbol]
        assert fills
