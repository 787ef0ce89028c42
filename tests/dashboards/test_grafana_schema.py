"""The dashboards against the types that Grafana publishes of its schema: every key, every value.

What these types leave open, the query of Prometheus, is held to the SDK alone, by reading and writing it.
Two things that the SDK writes are not in them: the expression of an annotation, and the steps of a variable
of intervals, which it writes for every variable.
"""

import json
import shutil
import subprocess
from typing import Any

import pytest

from dashboards.__main__ import texts
from tests.oracles.watchers import ROOT

SCHEMA = ROOT / ".cache/grafana-schema"
TYPES = "@grafana/schema/dist/esm/raw"
PLUGINS = {
    "heatmap": "heatmap/panelcfg/x/HeatmapPanelCfg",
    "stat": "stat/panelcfg/x/StatPanelCfg",
    "state-timeline": "statetimeline/panelcfg/x/StateTimelinePanelCfg",
    "status-history": "statushistory/panelcfg/x/StatusHistoryPanelCfg",
    "timeseries": "timeseries/panelcfg/x/TimeSeriesPanelCfg",
}
WITHOUT_FIELDS = ("stat",)
OPTIONS = (
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2022",
    "--module",
    "esnext",
    "--moduleResolution",
    "node",
)
# JSON knows the values of an enumeration, not their names.
PLAIN = """
type Plain<T> = T extends boolean ? T
  : T extends string ? `${T}`
  : T extends number ? (number extends T ? T : `${T}` extends `${infer N extends number}` ? N : never)
  : T extends Array<infer E> ? Array<Plain<E>>
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Annotation = Plain<board.AnnotationQuery> & { expr: string };
type Variable = Plain<board.VariableModel> & { auto: boolean; auto_count: number; auto_min: string };
type Board = Omit<Plain<board.Dashboard>, "annotations" | "templating"> & {
  annotations: { list: Annotation[] }; templating: { list: Variable[] } };
"""


def name(kind: str) -> str:
    return kind.replace("-", "_")


def claims(board: dict[str, Any]) -> list[tuple[object, str]]:
    """Return each part of a dashboard with the type that it should be of."""
    found: list[tuple[object, str]] = [(board, "Board")]
    for panel in board["panels"]:
        if panel["type"] == "row":
            found.append((panel, "Plain<board.RowPanel>"))
            continue
        plugin = name(panel["type"])
        found.append((panel, "Plain<board.Panel>"))
        found.append((panel["options"], f"Plain<{plugin}.Options>"))
        if panel["type"] not in WITHOUT_FIELDS:
            found.append((panel["fieldConfig"]["defaults"]["custom"], f"Plain<{plugin}.FieldConfig>"))
        found += [
            (target, "Plain<common.DataQuery> & Record<string, unknown>") for target in panel["targets"]
        ]
    return found


def program(parts) -> str:
    """Return claims that compile only where each part is of its type."""
    named = [
        f'import type * as {name(kind)} from "{TYPES}/composable/{path}_types.gen";'
        for kind, path in PLUGINS.items()
    ]
    named += [f'import type * as board from "{TYPES}/dashboard/x/dashboard_types.gen";']
    named += [f'import type * as common from "{TYPES}/../common/common.gen";']
    return "\n".join([*named, PLAIN, *(f"({json.dumps(part)}) satisfies {kind};" for part, kind in parts)])


def complaints(tmp_path, parts) -> str:
    """Return what the compiler says against these claims."""
    if not (SCHEMA / "node_modules/typescript").is_dir():
        pytest.skip("Grafana's schema is not installed: tools/install-watchers does")
    node = shutil.which("node") or pytest.skip("node is not installed")
    (tmp_path / "claims.ts").write_text(program(parts))
    (tmp_path / "node_modules").symlink_to(SCHEMA / "node_modules")
    compiler = [node, "node_modules/typescript/bin/tsc", *OPTIONS, "claims.ts"]
    done = subprocess.run(compiler, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert bool(done.returncode) == bool(done.stdout)
    return done.stdout


@pytest.mark.parametrize("board", texts())
def test_a_dashboard_is_what_grafana_takes(board, tmp_path):
    assert complaints(tmp_path, claims(json.loads(texts()[board]))) == ""


DAMAGE = {
    "a key that there is none": (
        lambda board, _: board.update(refreshed="5s"),
        "'\"refreshed\"' does not exist",
    ),
    "of a panel": (lambda _, lines: lines["gridPos"].update(width=8), "'\"width\"' does not exist"),
    "a value that there is none": (
        lambda _, lines: lines["options"]["legend"].update(displayMode="tabular"),
        "'\"tabular\"' is not assignable",
    ),
    "text for a number": (
        lambda _, lines: lines["fieldConfig"]["defaults"]["custom"].update(fillOpacity="4"),
        "Type 'string' is not assignable to type 'number'",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_grafana_does_not_take_is_found_out(what, tmp_path):
    damage, said = DAMAGE[what]
    board = json.loads(texts()["overview.json"])
    damage(board, next(panel for panel in board["panels"] if panel["type"] == "timeseries"))
    assert said in complaints(tmp_path, claims(board))
