"""A real browser that looks at a page as a reader does: scrolls, chooses every tab, prints."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

PATIENCE_S = 60
SCROLL = """
const done = arguments[arguments.length - 1], until = Date.now() + 20000;
(async () => {
  for (const plot of document.querySelectorAll(".plot")) {
    if (!plot.offsetParent) continue;
    plot.scrollIntoView();
    while (plot.dataset.drawn !== "done" && Date.now() < until) await new Promise(requestAnimationFrame);
  }
  done([...document.querySelectorAll(".plot")].filter(p => p.offsetParent && p.dataset.drawn !== "done")
    .map(p => p.dataset.figure));
})();
"""
POINTS = """
const plot = arguments[0];
return plot.data.map(trace => ({
  name: trace.name, type: trace.type, shape: plot.layout,
  n: [...(trace.y || [])].filter(value => value !== null && value === value).length,
  last: trace.y[trace.y.length - 1],
}));
"""


class Browser:
    """One window; as wide as told."""

    def __init__(self) -> None:
        program, driver = (
            shutil.which("chromium") or shutil.which("google-chrome"),
            shutil.which("chromedriver"),
        )
        if program is None or driver is None:
            pytest.skip("no browser: chromium and chromedriver are not installed")
        options = Options()
        options.binary_location = program
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.window = webdriver.Chrome(options=options, service=Service(driver))
        self.window.set_script_timeout(PATIENCE_S)

    def close(self) -> None:
        self.window.quit()

    def open(self, page: Path, width: int = 1280) -> None:
        """Open a file with the network cut off."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.window.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.window.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        self.window.get(page.resolve().as_uri())

    def complaints(self) -> list[str]:
        """Return what the page wrote to the console since the last time."""
        return [entry["message"] for entry in self.window.get_log("browser")]

    def run(self, script: str, *arguments: object) -> Any:
        return self.window.execute_script(script, *arguments)

    def scroll(self) -> None:
        """Look at each figure that is shown, until it is drawn."""
        missed = self.window.execute_async_script(SCROLL)
        assert missed == [], "never drawn"

    def look(self) -> dict[str, Any]:
        """Look at every tab; return the traces of each figure, by its key."""
        found = {}
        for tab in self.tabs() or [None]:
            if tab is not None:
                self.run("arguments[0].click()", tab)
            self.scroll()
            for plot in self.window.find_elements(By.CSS_SELECTOR, ".plot[data-drawn=done]"):
                found[str(plot.get_attribute("data-figure"))] = self.run(POINTS, plot)
        return found

    def tabs(self) -> list[Any]:
        return self.window.find_elements(By.CSS_SELECTOR, ".tabs button")

    def figures(self) -> set[str]:
        """Return the keys of all places for figures."""
        return set(self.run("return [...document.querySelectorAll('.plot')].map(p => p.dataset.figure)"))

    def numbers(self) -> list[tuple[list[str], str, str]]:
        """Return every number of the summary: its path, its exact value, and what is shown for it."""
        found = "[...document.querySelectorAll('data[data-path]')]"
        told = self.run(f"return {found}.map(each => [each.dataset.path, each.value, each.textContent])")
        return [(json.loads(path), value, text) for path, value, text in told]

    def too_wide(self) -> list[str]:
        """Name what reaches beyond the window's edge without a scrollbar of its own."""
        return self.run("""
            const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
            return wide > 0 ? [`the page, by ${wide} px`] : [];
        """)

    def pdf(self) -> bytes:
        """Print."""
        printed = self.window.execute_cdp_cmd(
            "Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True}
        )
        return base64.b64decode(printed["data"])
