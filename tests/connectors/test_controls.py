import json
import os
from pathlib import Path

import pytest

from connectors.controls import NONE_YET, Controlled, Controls, read_controls
from connectors.switch import EVERY_NS, SWITCH, Switch, Wish, read_switch, write_switch
from operators.errors import RunDirectoryError, SourceError
from operators.rows import HALT, REDUCE, RESUME


class Eager(Switch):
    """Looks every time."""

    def wish(self, symbol):
        self.looked_ns = -EVERY_NS
        return super().wish(symbol)


@pytest.fixture
def run(tmp_path):
    (tmp_path / "control").mkdir()
    return tmp_path


def controls_in(run, symbol="BTCUSDC", frame=0, state=NONE_YET, recorded=()):
    made = Controls(symbol, Eager(run / SWITCH), recorded)
    made.restore(state)
    made.open(run, frame)
    return made


def play(controls, frames, ts_ns=1000):
    """Let frames go by; return those that begin with a control."""
    begun = []
    for frame in frames:
        wanted = controls.due(frame)
        if wanted is not None:
            controls.note(ts_ns + frame, frame, wanted)
            begun.append((frame, wanted.reason))
    return begun


def test_the_switch_halts_and_its_removal_resumes_each_once(run):
    controls = controls_in(run)
    assert play(controls, range(1, 4)) == []
    (run / SWITCH).touch()
    assert play(controls, range(4, 9)) == [(4, HALT)]
    (run / SWITCH).unlink()
    assert play(controls, range(9, 12)) == [(9, RESUME)]
    lines = [json.loads(line) for line in (run / "control" / "BTCUSDC.jsonl").read_text().splitlines()]
    assert [(line["ts"], line["n"], line["frame"], line["what"]) for line in lines] == [
        (1004, 1, 4, "halt"),
        (1009, 2, 9, "resume"),
    ]


def test_one_that_cannot_be_written_down_is_not_acted_on(run):
    controls = controls_in(run)
    (run / SWITCH).touch()
    (run / "control").rmdir()
    with pytest.raises(RunDirectoryError, match=r"BTCUSDC.jsonl cannot be written any more: No such file"):
        play(controls, [4])


@pytest.mark.parametrize(
    ("text", "wish", "why"),
    [
        ("", HALT, ""),
        (" \n", HALT, ""),
        ('{"all": "reduce", "why": "rain"}', REDUCE, "rain"),
        ('{"all": {"want": "reduce", "why": "hail"}, "why": "rain"}', REDUCE, "hail"),
        ('{"symbols": {"BTCUSDC": {"why": "hail"}}}', HALT, "halt cannot be understood"),
        ('{"symbols": {"ETHUSDC": "halt"}}', RESUME, ""),
        ('{"symbols": {"BTCUSDC": "reduce"}, "all": "halt"}', REDUCE, ""),
        ("{", HALT, "halt cannot be understood"),
        ("[]", HALT, "halt cannot be understood"),
        ('{"all": "stop"}', HALT, "halt cannot be understood"),
        ('{"all": ["halt"]}', HALT, "halt cannot be understood"),
        ('{"symbols": 3}', HALT, "halt cannot be understood"),
        ("[" * 100_000, HALT, "halt cannot be understood"),
        ("\x00\x01", HALT, "halt cannot be understood"),
        ("{}", HALT, ""),
        ('{"why": "rain"}', HALT, "rain"),
        ('{"symbols": {}}', RESUME, ""),
        ('{"al": "halt"}', HALT, "halt cannot be understood"),
        ('{"symbols": {"ETHUSDC": "halt"}, "All": "halt"}', HALT, "halt cannot be understood"),
    ],
)
def test_whatever_the_switch_says_it_is_obeyed_and_halts_where_it_cannot_be_understood(run, text, wish, why):
    (run / SWITCH).write_text(text)
    wanted = Eager(run / SWITCH).wish("BTCUSDC")
    assert (wanted.wish, wanted.why) == (wish, why)


@pytest.mark.parametrize(
    "put",
    [
        Path.mkdir,
        os.mkfifo,
        lambda path: path.symlink_to(path),
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.symlink_to("/dev/zero"),
    ],
    ids=["directory", "pipe", "circle", "dangling", "device"],
)
def test_whatever_is_named_like_the_switch_halts_and_is_not_waited_for(run, put):
    put(run / SWITCH)
    assert play(controls_in(run), range(1, 3)) == [(1, HALT)]


def test_a_switch_that_cannot_be_read_halts(run):
    (run / SWITCH).mkdir()
    assert Eager(run / SWITCH).wish("BTCUSDC").wish == HALT


def test_what_is_written_is_what_is_read(run):
    wanted = {"BTCUSDC": Wish(REDUCE, "rain", "7"), "*": Wish(RESUME, "", "6")}
    write_switch(run / SWITCH, wanted)
    assert read_switch(run / SWITCH) == wanted
    assert read_switch(run / "nothing") is None


def test_another_id_resumes_although_trading_was_wanted_before(run):
    controls = controls_in(run)
    write_switch(run / SWITCH, {"*": Wish(RESUME, "", "1")})
    assert play(controls, range(1, 5)) == [(1, RESUME)]
    write_switch(run / SWITCH, {"*": Wish(RESUME, "", "2")})
    assert play(controls, range(5, 9)) == [(5, RESUME)]


def test_after_a_kill_what_was_released_comes_again_in_its_frame_and_is_written_once(run):
    controls = controls_in(run)
    play(controls, range(1, 3))
    kept = controls.snapshot()
    (run / SWITCH).touch()
    play(controls, range(3, 6))
    (run / SWITCH).unlink()
    play(controls, range(6, 8))
    part = run / "control" / "BTCUSDC.jsonl"
    written = part.read_bytes()
    # The switch says otherwise by now: the record goes first.
    part.write_bytes(written + b'{"ts":12,"symbol":"BTCUSDC","n"')
    again = controls_in(run, frame=2, state=kept)
    assert play(again, range(3, 9)) == [(3, HALT), (6, RESUME)]
    assert part.read_bytes() == written
    (run / SWITCH).touch()
    assert play(again, range(9, 11)) == [(9, HALT)]
    assert [control.n for control in read_controls(part)] == [1, 2, 3]


def test_a_run_goes_on_halted_where_the_switch_still_stands(run):
    controls = controls_in(run)
    (run / SWITCH).touch()
    assert play(controls, [1]) == [(1, HALT)]
    again = controls_in(run, frame=1, state=controls.snapshot())
    assert play(again, range(2, 5)) == []


def test_recorded_controls_come_in_their_frames_before_the_switch_has_a_say(run):
    recorded = [
        Controlled(5, "BTCUSDC", 1, 3, "halt", "rain", "9"),
        Controlled(5, "ETHUSDC", 1, 4, "halt"),
        Controlled(9, "BTCUSDC", 2, 5, "resume"),
    ]
    controls = controls_in(run, recorded=recorded)
    (run / SWITCH).touch()
    assert controls.next_frame() == 3
    assert play(controls, range(1, 8)) == [(3, HALT), (5, RESUME), (6, HALT)]
    (run / SWITCH).unlink()
    assert play(controls, range(8, 11)) == []  # without a switch, a replay is as it was recorded
    first, *_ = read_controls(run / "control" / "BTCUSDC.jsonl")
    assert first == Controlled(1003, "BTCUSDC", 1, 3, "halt", "rain", "9")


@pytest.mark.parametrize(
    "line", ['{"ts": 1}', "nothing", '{"ts":1,"symbol":"X","n":1,"frame":1,"what":"stop"}']
)
def test_a_record_that_is_none_is_refused_with_its_line(run, line):
    path = run / "control" / "BTCUSDC.jsonl"
    path.write_text(
        '{"ts":1,"symbol":"BTCUSDC","n":1,"frame":1,"what":"halt","why":"","id":""}\n' + line + "\n"
    )
    with pytest.raises(SourceError, match=r"BTCUSDC.jsonl:2 is no control"):
        read_controls(path)
