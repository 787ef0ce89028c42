from pathlib import Path

from connectors.metrics.declared import DECLARED
from connectors.metrics.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "python -m connectors.metrics.reference > docs/metrics.md"
    )


def test_names_and_meanings_follow_the_conventions():
    named = [name for name, *_ in DECLARED]
    assert len(set(named)) == len(named)
    for name, kind, labels, meaning in DECLARED:
        assert name.startswith("mm_")
        assert name.endswith("_total") == (kind == "counter")
        assert meaning.endswith(".")
        assert "|" not in meaning
        assert len(set(labels)) == len(labels)
