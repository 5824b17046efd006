"""evaluate(): models on tables, behind growing numbers of labelled rows."""
from __future__ import annotations

import contextlib
import ctypes
import html
import json
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from ._calls import Progress, lines_of, run
from ._library import json_of, library
from ._tables import stream_of

_AVERAGE_FACTS = ("model", "shots", "tables", "failed_units", "majority_units")


class Evaluation:
    """What evaluate() found.

    summary: everything, as summary.json of `manyshot evaluate` has it (docs/formats/evaluation.md).

    Lines come as pandas DataFrames, or as lists of dictionaries where pandas is not installed.
    """

    summary: dict[str, Any]

    def __init__(self, summary: dict[str, Any]):
        self.summary = summary

    @property
    def averages(self) -> Any:
        """A line for each model and number of shots, of tables with classes: model, shots, tables, failed_units,
        majority_units (whose answers are all the labelled rows' most frequent class), and the means of the metrics
        over the tables."""
        return lines_of(self._averages())

    @property
    def results(self) -> Any:
        """A line for each model, table, number of shots and seed, of tables with classes: the metrics, fit_s,
        predict_s, and error where there is no result."""
        return lines_of([_unit(unit) for unit in self.summary["units"]])

    @property
    def number_averages(self) -> Any:
        """As averages, of tables whose target is a number: r2, relative_rmse, relative_mae, relative_crps, coverage_90,
        coverage_50, wins."""
        return lines_of(self.summary["number_averages"])

    @property
    def number_results(self) -> Any:
        """As results, of tables whose target is a number."""
        return lines_of([_unit(unit) for unit in self.summary["number_units"]])

    def _averages(self):
        return [{**{name: average[name] for name in _AVERAGE_FACTS},
                 **{name: metric["mean"] for name, metric in average["metrics"].items()}}
                for average in self.summary["averages"]]

    def _tables(self):
        """(title, heads, rows of text) of what people look at first."""
        tables = []
        if self.summary["averages"]:
            tables.append(_by_shots("accuracy by labelled rows", self._averages(), "accuracy"))
        if self.summary["number_averages"]:
            tables.append(_by_shots("relative CRPS by labelled rows (0: best, 1: as the labelled rows' numbers alone)",
                                    self.summary["number_averages"], "relative_crps"))
        return tables

    def _notes(self):
        notes = [f"{entry['table']} has fewer than {entry['shots']} training rows and is left out there"
                 for entry in self.summary["short_tables"]]
        if any(average["tables"] == 0 and average["majority_units"] for average in self.summary["averages"]):
            notes.append("majority: no result, since all answers were the labelled rows' most frequent class")
        failed = [unit for unit in self.summary["units"] + self.summary["number_units"] if "error" in unit]
        if failed:
            notes.append(f"{len(failed)} units have no result; the first ({failed[0]['model']}, {failed[0]['table']}, "
                         f"{failed[0]['shots']} shots): {failed[0]['error']}")
        return notes

    def __str__(self) -> str:
        return "\n".join([*(_text(*table) for table in self._tables()), *self._notes()]) or "no results"

    def __repr__(self) -> str:
        return f"<manyshot.Evaluation\n{self}>"

    def _repr_html_(self) -> str:
        parts = [_html(*table) for table in self._tables()]
        parts += [f"<p>{html.escape(note)}</p>" for note in self._notes()]
        return "\n".join(parts) or "<p>no results</p>"


def evaluate(tables: Any, models: str | Sequence[str] | None = None, shots: int | Sequence[int] | None = None, *,
             seeds: int | Sequence[int] | None = None, progress: Progress = True, **options: Any) -> Evaluation:
    """Measures models on tables, as `manyshot evaluate` does, to the same numbers.

    tables: {name: (table, target)}, or one pair (table, target); a table without a target is predicted in its column
    "label", else in its last. A table is {name: array [rows]}, a pandas DataFrame, or an object with __arrow_c_stream__.
    A fifth of the rows are asked for.

    models: names ("default", "forest", "xgboost", …), paths, or names with options ("default+ensemble=1"); without them
    the bundled model and every baseline.
    shots: numbers of labelled rows that a model is shown; 8, 16, … 1024 without them. Numbers beyond a table's training
    rows are left out.
    seeds: each is a run of its own; 40 without them.
    progress: a line that says how far it is; False for none; a function is called with the line instead.
    options: those of `manyshot evaluate` by their names with underscores (docs/options.md): protocol, select, task,
    max_queries, baseline, ensemble, calibrate, …

    Raises ValueError for a table or an option that cannot be used, KeyboardInterrupt after Ctrl-C.

        >>> manyshot.evaluate({"iris": (frame, "species")}, ["default", "forest"], shots=[8, 64])
    """
    given = {**options, **{name: _listed(value) for name, value in
                           (("models", models), ("shots", shots), ("seeds", seeds)) if value is not None}}
    named = _named(tables)
    count = len(named)
    names = (ctypes.c_char_p * count)(*(str(name).encode() for name in named))
    targets = (ctypes.c_char_p * count)(*(None if target is None else str(target).encode()
                                          for _, target in named.values()))
    handle = ctypes.c_void_p()

    def call():
        with contextlib.ExitStack() as stack:
            streams = (ctypes.c_void_p * count)(*(stack.enter_context(stream_of(table)) for table, _ in named.values()))
            return library().manyshot_evaluate(count, names, streams, targets, json_of(given),
                                               ctypes.byref(handle))

    try:
        run(call, progress)
        return Evaluation(json.loads(library().manyshot_evaluation_summary(handle).decode()))
    finally:
        library().manyshot_evaluation_free(handle)


def _listed(value):
    """A list of one entry or more, whatever was given."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        value = [value]
    return [entry if isinstance(entry, str) else operator.index(entry) for entry in value]


def _named(tables):
    """{name: (table, target)}, target None where none was given."""
    if isinstance(tables, Mapping) and all(_is_pair(entry) or _is_table(entry) for entry in tables.values()):
        entries = tables
    else:
        entries = {"table": tables}
    if not entries:
        raise ValueError("tables: give {name: (table, target)}, or one pair (table, target)")
    return {name: entry if _is_pair(entry) else (entry, None) for name, entry in entries.items()}


def _is_pair(entry):
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], (str, type(None)))


def _is_table(entry):
    """A table, where a column might stand."""
    return isinstance(entry, Mapping) or (hasattr(entry, "columns") and getattr(entry, "ndim", 2) == 2) or hasattr(
        entry, "column_names")


def _unit(unit):
    line = {name: unit[name] for name in ("model", "table", "shots", "seed")}
    line.update(unit.get("metrics", {}))
    line.update({name: unit.get(name) for name in ("fit_s", "predict_s")}, error=unit.get("error"))
    return line


def _by_shots(title, lines, value):
    """(title, heads, rows of text): a row for each model, a column for each number of shots."""
    shots = sorted({line["shots"] for line in lines})
    models = list(dict.fromkeys(line["model"] for line in lines))
    cells = {(line["model"], line["shots"]): line[value] for line in lines}
    for line in lines:  # as the program has it: such a model was not measured
        if line["tables"] == 0 and line.get("majority_units"):
            cells[line["model"], line["shots"]] = "majority"
    rows = [[model, *(_cell(cells.get((model, count))) for count in shots)] for model in models]
    tables = max(line["tables"] for line in lines)
    return f"{title}, mean over {tables} {'table' if tables == 1 else 'tables'}", ["model", *map(str, shots)], rows


def _cell(value):
    return "-" if value is None else value if isinstance(value, str) else f"{value:.4f}"


def _text(title, heads, rows):
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) if place == 0 else cell.rjust(width)
                       for place, (cell, width) in enumerate(zip(row, widths))) for row in [heads, *rows]]
    return "\n".join([title, *lines])


def _html(title, heads, rows):
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (f"<table><caption>{html.escape(title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>")
