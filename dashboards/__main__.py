"""Write the dashboards as Grafana reads them: `python -m dashboards`."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.overview import overview
from dashboards.vpin import vpin

FOLDER: Final = Path(__file__).parent / "grafana"
BOARDS: Final = {"overview.json": overview, "vpin_dashboard.json": vpin}


def texts() -> dict[str, str]:
    """Return each file's name and content."""
    return {
        name: json.dumps(made(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, made in BOARDS.items()
    }


if __name__ == "__main__":
    for name, text in texts().items():
        (FOLDER / name).write_text(text, "utf-8")
