"""The notebook of examples/python runs from its first cell to its last."""
import json
import pathlib

ROOT = pathlib.Path(__file__).parents[2]


def test_notebook_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    notebook = json.loads((ROOT / "examples/python/manyshot.ipynb").read_text())
    names = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert names["accuracy"] > names["y_new"].value_counts(normalize=True).max()
    assert names["inside"] > 0.7
    assert names["task"].info["labelled_rows"] == len(names["X"])
    means = names["found"].averages.set_index(["model", "shots"])["accuracy"]
    assert means["default+ensemble=1", 64] > means["majority", 64]
    assert set(names["found"].results["table"]) == {"graph 0", "graph 1", "graph 2", "wine"}
