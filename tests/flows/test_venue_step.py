"""The simulated venue's account is what stands at it, whatever became of its reports."""

import numpy as np

from configs.load import load
from configs.rules import rules_for
from connectors.kafka.house import Account, Asked
from connectors.kafka.reports import Addressee
from connectors.recorded.blocks import ONE
from flows.venue_step import VenueStep
from operators.rows import BEST, BUY, CONTROL, HALT, LAST, PLACE, POST_ONLY, SELL, TRADE, Row
from tests.oracles.runs import PROFILE

T = 1_700_000_000_000_000_000
TOPICS = ("source.kind=kafka", "kafka.topic=m", "kafka.orders_topic=o", "kafka.reports_topic=r")
DESK = Addressee("run", "run-")


def asked(number, *rows, came=()):
    made = np.frombuffer(bytearray(b"".join(ONE.pack(T, T, *row) for row in rows)), Row.dtype)
    return Asked(number, made, (), came)


def venue(*changes):
    settings = load(PROFILE, (*TOPICS, *changes))
    rules = rules_for(settings.symbols["BTCUSDC"], settings.source)
    return VenueStep(rules, settings, "BTCUSDC", lambda: "venue")


def test_lost_reports_leave_the_account_true():
    step, told = venue("venue.lose_share=1"), []
    sell = (1, 900, 1_000_000, 0, TRADE, SELL, LAST, 0)
    for frame in (
        asked(1, (1, 1000, 100, 0, BEST, BUY, 0, 0), (1, 1010, 100, 0, BEST, SELL, LAST, 0)),
        asked(
            2,
            (0, 0, 0, 0, CONTROL, 0, LAST, HALT),
            (1, 990, 100_000, 0, PLACE, BUY, LAST | POST_ONLY, 0),
            came=(DESK,),
        ),
        asked(3, (2, 980, 100_000, 0, PLACE, BUY, LAST | POST_ONLY, 0)),
        asked(4, sell),
    ):
        said = step.take(frame)
        assert said.reports == ()
        told.append(said.account)
    flat, lots = step.grid.size(0), step.grid.size(200_000)
    assert told == [
        Account("", flat, ()),
        Account("run", flat, ("run-1",)),
        Account("run", flat, ("run-1", "run-2")),
        Account("run", lots, ()),
    ]
