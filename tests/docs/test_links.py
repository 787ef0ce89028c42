"""Links and anchors between the pages."""

import pytest

from tests.oracles.pages import ROOT, pages

PAGES = {page.path: page for page in pages()}
ELSEWHERE = ("http://", "https://")


def targets(page):
    """Return where a page's links lead within the project: a path, and an anchor or nothing."""
    for link in page.links():
        if not link.startswith(ELSEWHERE):
            path, _, anchor = link.partition("#")
            yield (page.path.parent / path).resolve() if path else page.path, anchor


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for path, anchor in targets(page):
        assert path.exists(), f"{page.name} links to {path}, which is not there"
        if anchor:
            assert path in PAGES, f"{page.name} names a part of {path}, which is no page"
            assert anchor in PAGES[path].anchors(), f"{page.name}: {path.name} has no part {anchor}"


def test_every_page_can_be_reached_from_the_index():
    reached, waiting = set(), [ROOT / "docs" / "README.md"]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [target for target, _ in targets(PAGES[path]) if target in PAGES]
    missing = {path for path in PAGES if path.is_relative_to(ROOT / "docs")} - reached
    assert not missing


def test_the_first_page_leads_to_the_index():
    assert ROOT / "docs" / "README.md" in {path for path, _ in targets(PAGES[ROOT / "README.md"])}


def test_a_heading_s_anchor_is_what_the_web_makes_of_it():
    page = PAGES[ROOT / "README.md"]._replace(text="# A, b `c.d`\n\n## Is it? So\n\n## Is it? So\n")
    assert page.anchors() == {"a-b-cd", "is-it-so", "is-it-so-1"}
