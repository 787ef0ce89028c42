"""A desk and a venue in processes of their own, a broker between them: they agree, whatever is killed."""

import json
import signal
from collections import Counter

import pytest

from connectors.kafka.control import Control
from connectors.kafka.cuts import read_cuts
from connectors.kafka.messages import encode
from connectors.kafka.publisher import Stream, messages
from tests.oracles.command import phoenix
from tests.oracles.floor import NOBODY, QUIET, Floor, kill_either, require_agreement
from tests.oracles.runs import SOON, lines, lively, made

SYMBOLS = ("BTCUSDC", "DOGEUSDC")
HOUR_MS = 3_600_000


@pytest.fixture
def floor_of(broker, tmp_path):
    """Return what opens a floor; its processes are gone at the end."""
    floors: list[Floor] = []

    def opened(market, **more):
        floors.append(Floor(broker, tmp_path, market, **more))
        return floors[-1]

    yield opened
    for floor in floors:
        floor.close()


def opened(floor, *more, speed=1.0):
    """Open the venue, begin with a desk, and let the market come."""
    floor.open_venue()
    floor.trade(*more)
    floor.until(lambda: "is open" in floor.said("venue"), "the venue did not open")
    floor.until(floor.is_awake, "the desk did not begin")
    floor.publish(speed)


def live_at(floor):
    """Return the orders that rest, as the venue's reports say."""
    reports, _ = floor.told(floor.reports, "report")
    live = Counter[str]()
    for each in (report for told in reports.values() for report in told):
        if each["what"] == "accepted":
            live[each["id"]] = 1
        elif each["what"] in ("canceled", "expired") or each.get("filled") == each.get("size"):
            live.pop(each["id"], None)
    return set(live)


@pytest.mark.parametrize("one_topic", [False, True], ids=["three topics", "one topic"])
def test_desk_and_venue_agree_once_the_market_has_ended(floor_of, one_topic):
    floor = floor_of(lively(*SYMBOLS, seconds=10), one_topic=one_topic)
    opened(floor)
    floor.wait("desk")
    desk, venue = floor.summary("desk"), floor.close_venue()
    assert require_agreement(floor, desk, venue) == 0
    assert all(figures["fills"] > 0 for figures in desk.values())
    assert all(figures["dead_letters"] == 0 for figures in desk.values())
    assert "stopped" not in json.loads((floor.folder / "desk" / "summary.json").read_text())


def test_kills_of_either_leave_no_order_twice_and_none_behind(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=45))
    opened(floor)
    floor.until(floor.has_traded, "nothing was filled")
    hit = kill_either(floor, 8, seed=5)
    assert floor.processes["publisher"].poll() is None, "the market was over before the kills were"
    floor.wait("desk")
    require_agreement(floor, floor.summary("desk"), floor.close_venue())
    assert min(hit.values()) >= 2


def test_a_desk_that_is_stopped_leaves_nothing_live_and_goes_on_where_it_was(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=20))
    opened(floor)
    floor.until(floor.has_traded, "nothing was filled")
    floor.kill("desk", signal.SIGTERM)
    assert floor.processes["desk"].returncode == 0, floor.said("desk")
    assert live_at(floor) == set()
    assert json.loads((floor.folder / "desk" / "summary.json").read_text())["stopped"]
    before = sum(each["fills"] for each in floor.summary("desk").values())
    floor.trade(resume=True)
    floor.wait("desk")
    desk = floor.summary("desk")
    require_agreement(floor, desk, floor.close_venue())
    assert sum(each["fills"] for each in desk.values()) > before
    assert {each["trading_state"] for each in desk.values()} == {"active"}


def test_kills_before_the_first_checkpoint_change_nothing_that_was_told(floor_of):
    floor = floor_of((*lively(*SYMBOLS, seconds=30), "run.checkpoint_every_s=600"))
    opened(floor)
    floor.until(floor.has_traded, "nothing was filled")
    for name in ("desk", "venue"):
        floor.kill(name)
    floor.open_venue(resume=True)
    floor.until(lambda: floor.said("venue").count("is open") == 2, "the venue did not open again")
    floor.trade(resume=True)
    floor.wait("desk")
    assert require_agreement(floor, floor.summary("desk"), floor.close_venue()) > 0


def test_a_venue_that_begins_anew_is_not_taken_for_the_one_before(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=45))
    opened(floor)
    floor.until(floor.has_traded, "nothing was filled")
    floor.kill("venue")
    floor.open_venue(out="another")
    letters = floor.folder / "desk" / "dead_letters"
    floor.until(lambda: another(letters), "the other venue was not noticed")
    floor.kill("another")
    floor.open_venue(resume=True)
    floor.until(lambda: floor.said("venue").count("is open") == 2, "the venue did not open again")
    floor.wait("desk")
    desk, venue = floor.summary("desk"), floor.close_venue()
    for symbol, figures in desk.items():
        assert figures["position"] == venue[symbol]["position"], symbol
        assert (venue[symbol]["live"], figures["faults"]) == ([], {})


def another(letters):
    """Return what a venue said that a desk does not deal with."""
    found = [each for path in sorted(letters.glob("*.jsonl")) for each in lines(path)]
    assert {each["reason"] for each in found} <= {"another_venue"}
    return found


def test_silence_withdraws_the_quotes(floor_of):
    floor = floor_of((*lively(*SYMBOLS, seconds=60), "source.stale_after_ms=700"))
    opened(floor)
    floor.until(floor.has_traded, "nothing was filled")
    floor.kill("publisher")
    floor.until(lambda: not live_at(floor), "quotes stand in a market that is silent")
    floor.kill("desk", signal.SIGTERM)
    venue = floor.close_venue()
    for symbol, figures in floor.summary("desk").items():
        assert figures["position"] == venue[symbol]["position"]


def test_another_run_finds_nothing_of_the_one_before_which_is_dealt_with_no_more(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=30))
    opened(floor)
    floor.until(lambda: floor.has_traded() and live_at(floor), "nothing rests")
    floor.kill("desk")
    left = live_at(floor)
    # Claims are seen in one folder: this desk is on another machine.
    floor.trade(f"run.directory={floor.folder / 'elsewhere'}", out="another")
    floor.until(lambda: floor.has_traded("another"), "the other desk was not filled")
    floor.trade(resume=True)
    letters = floor.folder / "venue" / "dead_letters"
    floor.until(lambda: superseded(letters), "a former run trades")
    floor.kill("desk")
    floor.wait("another")
    require_agreement(floor, floor.summary("another"), floor.close_venue(), "another")
    assert left
    assert not left & live_at(floor)


def test_a_second_desk_and_a_second_venue_are_refused_beside_the_first(floor_of, tmp_path):
    floor = floor_of((*lively(*SYMBOLS, seconds=15), f"run.directory={tmp_path}"))
    opened(floor)
    options = [part for each in floor.settings for part in ("--set", each)]
    for command, name, what in (("run", "desk", "a whole"), ("venue", "venue", "a venue")):
        done = phoenix(command, *options, "--out", tmp_path / "second")
        assert (done.returncode, (tmp_path / "second").exists()) == (1, False)
        holder = f"{what} in {tmp_path / name} (process {floor.processes[name].pid})"
        assert done.stderr.startswith(
            f"BTCUSDC is run already, by {holder}: stop that one, or use other topics"
        )
    floor.wait("desk")
    require_agreement(floor, floor.summary("desk"), floor.close_venue())


def superseded(letters):
    """Return what a former run asked for in vain."""
    found = [each for path in sorted(letters.glob("*.jsonl")) for each in lines(path)]
    assert {each["reason"] for each in found} <= {"superseded"}
    return found


def dated(job, symbol, sent):
    """Yield a market's messages; `sent` says of each, by its number, when the broker is to have got it."""
    stream = Stream(job.tape(symbol), job.settings.symbols[symbol].instrument, 0)
    return [(raw, sent(n)) for _, _, n, raw in messages(stream)]


@pytest.mark.parametrize(
    "seconds",
    [
        20,
        pytest.param(16_000, marks=pytest.mark.long),
    ],
)
def test_old_messages_rebuild_what_is_known_and_quote_nothing(floor_of, tmp_path, seconds):
    """What was old, and what is fresh, goes to the broker at once: only its stamps tell."""
    floor = floor_of((*lively("BTCUSDC", seconds=seconds), "venue.max_requests=0"))
    every = dated(made(tmp_path / "job", *floor.market), "BTCUSDC", lambda _: 0)
    n_old = len(every) - 600
    old, fresh = every[:n_old], every[n_old:]
    assert seconds < 1000 or n_old > 1_000_000
    floor.broker.send_dated(floor.topic, b"BTCUSDC", [raw for raw, _ in old], age_ms=HOUR_MS)
    floor.open_venue()
    floor.trade("kafka.max_age_s=300")
    floor.until(lambda: "is open" in floor.said("venue"), "the venue did not open")
    floor.until(lambda: reached(floor) >= n_old, "the backlog was not read")
    assert floor.told(floor.orders, "order")[0] == {}
    floor.broker.send_dated(floor.topic, b"BTCUSDC", [raw for raw, _ in fresh], age_ms=0)
    floor.wait("desk")
    desk = floor.summary("desk")
    require_agreement(floor, desk, floor.close_venue())
    (orders,) = floor.told(floor.orders, "order")[0].values()
    first_fresh = json.loads(fresh[0][0])["ts_recv"]
    assert orders[0]["ts"] >= first_fresh
    assert orders[0]["ts"] < first_fresh + 2_000_000_000, "what was learnt of the old market is gone"
    source = desk["BTCUSDC"]["source"]
    assert sum(source[kind] for kind in ("trades", "bests", "diffs", "marks", "snapshots")) == len(every) - 1


def reached(floor):
    """Return how many messages of the market a desk's frames hold so far."""
    path = floor.folder / "desk" / "cuts" / "BTCUSDC.bin"
    return sum(cut.n_first for cut in read_cuts(path)) if path.exists() else 0


def test_a_message_of_an_operator_halts_and_another_lets_go_on(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=40))
    topic = floor.broker.topic()

    def want(symbol, wanted, **more):
        control = Control(v=1, symbol=symbol, want=wanted, **more)
        floor.broker.send(topic, (symbol.encode(), encode(control)))

    want("*", "halt", why="not yet")
    opened(floor, f"kafka.control_topic={topic}")
    transitions = floor.folder / "desk" / "transitions" / "BTCUSDC.jsonl"
    floor.until(lambda: transitions.exists() and lines(transitions), "the desk did not halt")
    assert floor.told(floor.orders, "order")[0] == {}
    floor.broker.send(topic, (b"BTCUSDC", b"no message"))
    want("BTCUSDC", "resume")
    floor.until(floor.has_traded, "the desk did not go on")
    want("BTCUSDC", "halt", why="news")
    floor.until(lambda: not live_at(floor), "orders stand while trading is halted")
    floor.kill("desk", signal.SIGTERM)
    floor.close_venue()
    assert {run_symbol[1] for run_symbol in floor.told(floor.orders, "order")[0]} == {"BTCUSDC"}
    (letter,) = lines(floor.folder / "desk" / "dead_letters.jsonl")
    assert (letter["reason"], letter["where"]) == ("malformed_json", f"{topic}[0]@1")
    controls = [
        each for each in lines(floor.folder / "desk" / "control.jsonl") if each["symbol"] == "BTCUSDC"
    ]
    assert [(each["what"], each["why"]) for each in controls] == [
        ("halt", "not yet"),
        ("resume", ""),
        ("halt", "news"),
    ]


def test_poison_between_desk_and_venue_is_set_aside_by_whom_it_was_for(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=12))
    topic = floor.broker.topic(2)
    floor.market = (*floor.market, f"kafka.dead_letters_topic={topic}")
    opened(floor)
    floor.until(floor.has_traded, "nothing was filled")
    (name, (order, *_)), *_ = floor.told(floor.orders, "order")[0].items()
    bad = [
        ("unknown_version", order | {"v": 2}),
        ("wrong_type", order | {"run": NOBODY, "id": "without a number"}),
        ("off_grid", order | {"run": NOBODY, "price": "0.123456789"}),
        ("missing_field", {"type": "order", "v": 1, "run": NOBODY}),
    ]
    worse = [("wrong_type", {"type": "report", "v": 1, "run": NOBODY, "symbol": name[1], "n": "x"})]
    for into, several in ((floor.orders, bad), (floor.reports, worse)):
        floor.broker.send(into, *((name[1].encode(), json.dumps(each).encode()) for _, each in several))
    floor.broker.send(floor.orders, (name[1].encode(), b"\xff\x00" * 1000), (b"", b"{}"))
    floor.wait("desk")
    require_agreement(floor, floor.summary("desk"), floor.close_venue())
    letters = {out: lines(floor.folder / out / "dead_letters.jsonl") for out in ("desk", "venue")}
    assert [each["reason"] for each in letters["desk"]] == ["wrong_type"]
    assert letters["desk"][0]["where"].startswith(f"{floor.reports}[")
    assert Counter(each["reason"] for each in letters["venue"]) >= Counter([*dict(bad), "not_text"])
    told, _ = floor.told(topic, "dead_letter")
    assert sum(map(len, told.values())) == sum(map(len, letters.values()))


def test_without_its_topics_there_is_no_venue_and_no_fused_desk(broker, tmp_path):
    done = phoenix("venue", "--out", tmp_path / "venue")
    assert done.returncode == 2
    assert "kafka.reports_topic" in done.stderr
    topics = [f"--set=kafka.{kind}=nowhere" for kind in ("topic", "orders_topic", "reports_topic")]
    where = [f"--set=kafka.bootstrap={broker.bootstrap}", "--set=source.kind=kafka"]
    none = phoenix("venue", "--out", tmp_path / "venue", *topics, *where)
    assert none.returncode == 1
    assert none.stderr == f"kafka.topic: there is no topic nowhere at {broker.bootstrap}\n"
    topics[0] = f"--set=kafka.topic={broker.topic()}"
    fused = phoenix("run", "--driver", "research", "--out", tmp_path / "run", *topics, *where)
    assert fused.returncode == 2
    assert "research" in fused.stderr


@pytest.mark.long
def test_eight_symbols_and_a_thousand_trades_a_second_through_kills_of_either(floor_of):
    lots = "synthetic.trades_per_s=180"
    market = (*QUIET, *SOON, lots, "synthetic.mean_trade_notional=500", "source.duration_s=120")
    floor = floor_of(market)
    opened(floor)
    floor.until(floor.has_traded, "nothing was filled")
    hit = kill_either(floor, 12, seed=9)
    floor.wait("desk")
    desk, venue = floor.summary("desk"), floor.close_venue()
    assert require_agreement(floor, desk, venue) > 0
    assert min(hit.values()) == 6
    assert len(desk) == 8
    n_trades = sum(figures["source"]["trades"] for figures in desk.values())
    assert n_trades == floor.count("trade")
    assert n_trades / 120 > 1000
