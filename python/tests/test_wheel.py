"""The wheel: built, small enough, and of use in an environment that has NumPy and nothing else."""
import os
import pathlib
import subprocess
import sys
import venv

import numpy
import pytest

ROOT = pathlib.Path(__file__).parents[2]
MOST_BYTES = 25_000_000

PROGRAM = """
import numpy as np, sys, manyshot
assert "sklearn" not in sys.modules
x = np.random.default_rng(0).normal(size=30)
train = {"x": x, "tone": np.where(x > 0.5, "red", "blue"), "y": np.where(x > 0, "late", "early")}
task = manyshot.Task.fit(train, "y", model="default", ensemble=1)
probabilities = task.predict_proba({"x": np.array([-2.0, 2.0]), "tone": np.array(["blue", "red"])})
assert probabilities.argmax(axis=1).tolist() == [0, 1], probabilities
drawn = manyshot.synth(seed=1, rows=60, classes=2)
assert "pandas" not in sys.modules and list(drawn)[-1] == "label" and len(drawn["label"]) == 60
found = manyshot.evaluate((drawn, "label"), ["default+ensemble=1", "majority"], 16, progress=False)
assert [line["model"] for line in found.averages] == ["default+ensemble=1", "majority"], found.averages
corpus = {"prior": "mlp", "shots": "8", "queries": 2, "classes": "2", "filter_tasks": False}
recipe = {"compact": {"hidden_size": 16, "num_attention_heads": 1, "num_key_value_heads": 1}, "evaluate": {"tasks": 0},
          "stage": [{"steps": 2, "batch": 1, "corpus": corpus}]}
run = manyshot.train(recipe, "run", progress=False)
assert run.report["steps"] == 2 and len(run.metrics) == 2
try:
    manyshot.ManyshotClassifier
except ImportError as error:
    assert "pip install scikit-learn" in str(error)
else:
    raise AssertionError("scikit-learn is here")
print(manyshot.version(), manyshot.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    build = os.environ.get("MANYSHOT_BUILD")
    if build is None:
        pytest.skip("MANYSHOT_BUILD names no build folder to make the wheel of")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([ROOT / "tools/python/wheel.sh", build, folder, sys.executable], check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_is_one_wheel_for_all_pythons(wheel):
    assert wheel.name.startswith("manyshot-") and "-py3-none-manylinux_2_" in wheel.name
    assert wheel.stat().st_size <= MOST_BYTES


def test_needs_numpy_alone(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    (packages,) = (tmp_path / "env/lib").glob("python*/site-packages")
    for name in ("numpy", "numpy.libs"):
        source = pathlib.Path(numpy.__file__).parents[1] / name
        if source.exists():
            (packages / name).symlink_to(source)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MANYSHOT", "PYTHON"))}
    done = subprocess.run([python, "-c", PROGRAM], env=clean, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(packages) in done.stdout
