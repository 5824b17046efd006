"""train(), and the program: the same bits."""
import pathlib
import signal
import threading

import numpy as np
import pytest

import manyshot

from program import program

RECIPE = """
seed = 3
[model]
dtype = "float32"
[compact]
hidden_size = 32
intermediate_size = 48
num_attention_heads = 2
num_key_value_heads = 2
num_hidden_layers = 3
row_layers = 1
[checkpoint]
every_steps = 0
[evaluate]
tasks = 2
shots = ["8"]
[[stage]]
name = "main"
steps = 12
batch = 4
learning_rate = 0.01
loss = "dense"
[stage.corpus]
prior = "mlp"
shots = "8:24"
queries = 4
features = "2:4"
classes = "2:3"
filter_tasks = false
"""
DICTIONARY = {
    "seed": 3, "model": {"dtype": "float32"},
    "compact": {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2, "num_key_value_heads": 2,
                "num_hidden_layers": 3, "row_layers": 1},
    "checkpoint": {"every_steps": 0}, "evaluate": {"tasks": 2, "shots": ["8"]},
    "stage": [{"name": "main", "steps": 12, "batch": 4, "learning_rate": 0.01, "loss": "dense",
               "corpus": {"prior": "mlp", "shots": "8:24", "queries": 4, "features": "2:4", "classes": "2:3",
                          "filter_tasks": False}}]}


def weights(run_folder, step=12):
    return (pathlib.Path(run_folder) / f"checkpoint-{step}/model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The run of the program."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "recipe.toml").write_text(RECIPE)
    program("train", "--config", folder / "recipe.toml", "--out", folder / "run")
    return folder / "run"


def test_weights_are_the_bits_of_the_program(tmp_path, expected):
    (tmp_path / "recipe.toml").write_text(RECIPE)
    for number, recipe in enumerate((RECIPE, DICTIONARY, tmp_path / "recipe.toml", str(tmp_path / "recipe.toml"))):
        run = manyshot.train(recipe, tmp_path / f"run-{number}", progress=False)
        assert weights(run.folder) == weights(expected)
        assert run.checkpoint == str(tmp_path / f"run-{number}/checkpoint-12")
    metrics = run.metrics
    assert metrics["step"].max() == 12 and metrics["loss"].notna().sum() == 12
    assert run.report["steps"] == 12 and "eval_loss" in run.report["evaluation"]
    assert "12 steps" in repr(run)
    assert (tmp_path / "run-0/report.md").exists()


def test_the_model_predicts(tmp_path, expected):
    frame = manyshot.synth(seed=1, prior="mlp", rows=60, features=3, classes=2)
    run = manyshot.train(RECIPE, tmp_path / "run", changes=["stage.main.steps=2"], progress=False)
    model = manyshot.Task.fit(frame, "label", model=run.checkpoint)
    np.testing.assert_allclose(model.predict_proba(frame).sum(axis=1), 1)


def test_seeds_change_the_weights(tmp_path, expected):
    run = manyshot.train(RECIPE, tmp_path / "run", seed=4, progress=False)
    assert weights(run.folder) != weights(expected)


def test_interrupts_leave_a_checkpoint_to_go_on_from(tmp_path, expected):
    long = RECIPE.replace("steps = 12", "steps = 4000")
    lines = []

    def stop_when_it_runs(line):
        lines.append(line)
        if len(lines) == 2:
            threading.Thread(target=signal.raise_signal, args=(signal.SIGINT,)).start()

    with pytest.raises(KeyboardInterrupt):
        manyshot.train(long, tmp_path / "run", progress=stop_when_it_runs)
    assert lines[0].startswith("train: main ") and lines[-1] == ""
    (checkpoint,) = (tmp_path / "run").glob("checkpoint-*")
    assert 0 < int(checkpoint.name.split("-")[1]) < 4000
    assert {"model.safetensors", "trainer_state.json"} <= {file.name for file in checkpoint.iterdir()}


def test_errors_of_a_progress_function_end_the_run(tmp_path):
    def fail(line):
        raise RuntimeError(f"cannot show {line[:6]}")

    with pytest.raises(RuntimeError, match="cannot show train:"):
        manyshot.train(RECIPE.replace("steps = 12", "steps = 4000"), tmp_path / "run", progress=fail)
    assert list((tmp_path / "run").glob("checkpoint-*")), "the library has ended, and left its checkpoint"


def test_a_run_goes_on_to_the_same_bits(tmp_path, expected):
    half = RECIPE.replace("every_steps = 0", "every_steps = 5")
    manyshot.train(half, tmp_path / "run", progress=False)
    again = manyshot.train(half, tmp_path / "again", resume=tmp_path / "run/checkpoint-10", progress=False)
    assert weights(again.folder) == weights(expected)


def test_recipes_that_cannot_be_used_are_value_errors(tmp_path):
    for recipe, message in (("stage = 1\n", "stage"), (RECIPE.replace("batch = 4", "bach = 4"), 'did you mean "'),
                            ("no-such.toml", "no such recipe"), ({"stage": [{"steps": -1}]}, "steps"),
                            ({**DICTIONARY, "evaluate": {"tables": ["a.csv"]}}, "reads no table files"),
                            ({**DICTIONARY, "evaluate": {"knowledge": "a.csv"}}, "asks no questions"),
                            (RECIPE.replace('name = "main"', 'data = "tables"\npath = "x"'), "reads no table files")):
        with pytest.raises(ValueError, match=message):
            manyshot.train(recipe, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists(), "nothing is written"
    with pytest.raises(TypeError, match="seed is a object"):
        manyshot.train({"seed": object()}, tmp_path / "run", progress=False)
