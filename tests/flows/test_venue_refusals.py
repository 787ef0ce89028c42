"""What desk and venue do not deal with: strangers, poison, seconds of a kind; and who may halt them."""

import json
import re
import signal
from collections import Counter

from connectors.kafka.control import Control
from connectors.kafka.messages import encode
from tests.oracles.command import phoenix
from tests.oracles.floor import NOBODY, require_agreement
from tests.oracles.runs import lines, lively

SYMBOLS = ("BTCUSDC", "DOGEUSDC")


def test_a_venue_that_begins_anew_is_not_taken_for_the_one_before(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=45))
    floor.begin()
    floor.until(floor.has_traded, "nothing was filled")
    floor.kill("venue")
    floor.open_venue(out="another")
    floor.until(lambda: floor.reasons("desk"), "the other venue was not noticed")
    assert floor.reasons("desk") == {"another_venue"}
    floor.kill("another")
    floor.open_venue(resume=True)
    floor.until(floor.is_open, "the venue did not open again")
    floor.wait("desk")
    desk, venue = floor.summary("desk"), floor.close_venue()
    assert set(desk) == set(SYMBOLS)
    for symbol, figures in desk.items():
        assert figures["position"] == venue[symbol]["position"], symbol
        assert (venue[symbol]["live"], figures["faults"]) == ([], {})


def test_another_run_finds_nothing_of_the_one_before_which_is_dealt_with_no_more(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=30))
    floor.begin()
    floor.until(lambda: floor.has_traded() and floor.live(), "nothing rests")
    floor.kill("desk")
    left = floor.live()
    # Claims are seen in one folder: this desk is on another machine.
    floor.trade(f"run.directory={floor.folder / 'elsewhere'}", out="another")
    floor.until(lambda: floor.has_traded("another"), "the other desk was not filled")
    floor.trade(resume=True)
    floor.until(lambda: floor.reasons("venue"), "a former run trades")
    assert floor.reasons("venue") == {"superseded"}
    floor.kill("desk")
    floor.wait("another")
    require_agreement(floor, floor.summary("another"), floor.close_venue(), "another")
    assert left
    assert not left & floor.live()


def test_a_second_desk_and_a_second_venue_are_refused_beside_the_first(floor_of, tmp_path):
    floor = floor_of((*lively(*SYMBOLS, seconds=15), f"run.directory={tmp_path}"))
    floor.begin()
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


def test_a_desk_whose_venue_never_answers_says_so_and_once_what_may_still_be_live(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=14))
    floor.trade()
    floor.until(floor.is_awake, "the desk did not begin")
    floor.publish()
    floor.wait("desk")
    said = floor.said("desk")
    assert (
        said.count(f"no venue has said anything in {floor.reports} for 10 s after orders: is one open?\n")
        == 1
    )
    for symbol in SYMBOLS:
        assert (
            len(re.findall(rf"^{symbol}: \d+ orders? may still be live at the venue$", said, re.MULTILINE))
            == 1
        )


def test_a_message_of_an_operator_halts_and_another_lets_go_on(floor_of):
    floor = floor_of(lively(*SYMBOLS, seconds=40))
    topic = floor.broker.topic()

    def want(symbol, wanted, **more):
        control = Control(v=1, symbol=symbol, want=wanted, **more)
        floor.broker.send(topic, (symbol.encode(), encode(control)))

    want("*", "halt", why="not yet")
    floor.begin(f"kafka.control_topic={topic}")
    transitions = floor.folder / "desk" / "transitions" / "BTCUSDC.jsonl"
    floor.until(lambda: transitions.exists() and lines(transitions), "the desk did not halt")
    assert floor.told(floor.orders, "order")[0] == {}
    floor.broker.send(topic, (b"BTCUSDC", b"no message"))
    want("BTCUSDC", "resume")
    floor.until(floor.has_traded, "the desk did not go on")
    want("BTCUSDC", "halt", why="news")
    floor.until(lambda: not floor.live(), "orders stand while trading is halted")
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
    floor.begin()
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
    named = (f"kafka.bootstrap={broker.bootstrap}", "source.kind=kafka", f"run.directory={tmp_path}")
    where = [f"--set={each}" for each in named]
    none = phoenix("venue", "--out", tmp_path / "venue", *topics, *where)
    assert none.returncode == 1
    assert none.stderr == f"kafka.topic: there is no topic nowhere at {broker.bootstrap}\n"
    topics[0] = f"--set=kafka.topic={broker.topic()}"
    fused = phoenix("run", "--driver", "research", "--out", tmp_path / "run", *topics, *where)
    assert fused.returncode == 2
    assert "research" in fused.stderr
