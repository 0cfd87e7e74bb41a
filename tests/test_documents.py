"""Every command and block of the README and the guides runs as written."""

import csv
import json
import pkgutil
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from polyhead.config import json_schema, load_config
from polyhead.scenes import SceneOptions, write_scenes
from polyhead.tasks import LabelCounts

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(path, language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)
    return [text for kind, text in found if kind == language]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_yaml_block_is_a_valid_config(guide, tmp_path):
    for number, text in enumerate(blocks(guide, "yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        assert load_config(path).tasks


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_every_link_leads_to_a_file(guide):
    for target in re.findall(r"\]\(([^)#:]+)\)", guide.read_text()):
        assert (guide.parent / target).exists(), target


def without_counts(drawing):
    """The drawing but for modules and lines, and these as numbers."""
    counts = r"(\d+) modules? · ([\d,]+) lines"
    found = [[int(n.replace(",", "")) for n in pair] for pair in re.findall(counts, drawing)]
    return re.sub(counts, "", drawing), np.array(found)


def test_the_drawn_rooms_are_those_of_the_contract():
    """Words and layers are exact; sizes within a quarter, not to be drawn again at each commit."""
    drawn, sizes = without_counts((ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8"))
    program = runpy.run_path(str(ROOT / "docs" / "draw_architecture.py"))
    today, expected = without_counts(program["drawing"]())
    mend = "run python docs/draw_architecture.py"
    assert drawn == today, mend
    np.testing.assert_allclose(sizes, expected, rtol=0.25, atol=4, err_msg=mend)
    rooms = {path.stem for path in (ROOT / "src" / "polyhead").iterdir() if path.suffix == ".py"}
    rooms |= {path.parent.name for path in (ROOT / "src" / "polyhead").glob("*/__init__.py")}
    shown = re.findall(r'font-family="monospace"[^>]*>(\w+)<', drawn)
    assert sorted(shown) == sorted(rooms - {"__init__", "__main__"})


def test_the_drawing_has_its_torch_line_where_the_contract_has_it():
    program = runpy.run_path(str(ROOT / "docs" / "draw_architecture.py"))
    layers, torch_free = program["read_contract"]()
    drawn = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    above, below = drawn.split("torch line")
    rooms = {room for layer in layers for room in layer}
    shown_above = {room for room in rooms if f">{room}<" in above}
    assert {room for room in rooms if f">{room}<" in below} == rooms - shown_above
    assert torch_free | {"version"} == rooms - shown_above


@pytest.mark.parametrize("guide", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_name_of_the_program_in_the_guide_exists(guide):
    rooms = "|".join(path.stem for path in (ROOT / "src" / "polyhead").iterdir())
    files = r"(?!\w+\.(?:md|json|jsonl|yaml|toml|txt|py)`|config\.resolved)"
    names = re.findall(rf"`{files}((?:{rooms})(?:\.\w+)+)`", (ROOT / guide).read_text())
    assert names
    for name in names:
        pkgutil.resolve_name(f"polyhead.{name}")


def test_every_path_that_contributing_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`((?:\w+/)+\w+\.\w+)`|\]\(([\w/]+\.md)\)", text))
    found = {inline or link for inline, link in paths if "my_loss" not in inline}
    assert "tasks/ordinal/encoder.py" in found
    bases = (ROOT, ROOT / "src" / "polyhead")
    assert {path for path in found if not any((base / path).exists() for base in bases)} == set()


def listed_default(default):
    """A default of the JSON Schema as the guide writes it; None for keys of its own."""
    if isinstance(default, dict):
        return default.get("name")
    if default is None:
        return "–"
    shown = f"{default:g}" if isinstance(default, float) else json.dumps(default)
    return shown.strip('"')


def test_every_key_stands_in_the_guide_with_its_default():
    text = (ROOT / "docs" / "config.md").read_text()
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| `")]
    told = {(key, cell.strip(" `")) for row in rows for key in row[0].split("`") for cell in row}
    keys = {
        (key, listed_default(found.get("default")))
        for name, model in json_schema()["$defs"].items()
        if name not in ("Component", "RulesConfig", "SamplerConfig")
        for key, found in model["properties"].items()
        if name != "SourceConfig" or key != "path"
    }
    own = {"augment", "head", "image_size", "loss", "rules", "split"}  # defaults of several values
    assert {key for key, _ in keys} <= {key for key, _ in told}
    assert {(key, default) for key, default in keys if key not in own} <= told


def test_the_loss_of_the_worked_example_knows_its_probabilities():
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(textwrap.dedent(code), found)
    counts = LabelCounts(np.array([3.0, 40.0]), np.array([100.0, 90.0]))
    loss = found["MyLoss"](counts, yes_weight=4.0)
    logits = loss.initial_logits().expand(1, 2).clone().requires_grad_()
    loss.cells(logits, torch.from_numpy(counts.prior).float()).sum().backward()
    np.testing.assert_allclose(loss.link(logits)[0].detach(), counts.prior, rtol=1e-5)
    np.testing.assert_allclose(logits.grad, 0, atol=1e-6)  # the shares are the optimum


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A folder as the README supposes it: photos, a table, boxes, and one more photo."""
    folder = tmp_path_factory.mktemp("newcomer")
    write_scenes(folder / "scenes", 12, SceneOptions(size=64))
    for name, to in (("images", "photos"), ("masks", "masks"), ("objects.json", "objects.json")):
        (folder / "scenes" / name).rename(folder / to)
    boxes = (folder / "objects.json").read_text()
    (folder / "objects.json").write_text(boxes.replace("images/", ""))
    rows = csv.reader((folder / "scenes" / "labels.csv").read_text().splitlines())
    with (folder / "labels.csv").open("w", newline="") as file:
        for image, tags, daytime, people, _, mask in rows:
            csv.writer(file).writerow([image.removeprefix("images/"), tags, daytime, people, mask])
    text = (folder / "labels.csv").read_text()
    text = text.replace("image,tags,", "image,contents,", 1).replace(",mask", ",ground", 1)
    (folder / "labels.csv").write_text(text)
    (folder / "new.csv").write_text("".join(text.splitlines(keepends=True)[:8]))
    (folder / "new").mkdir()
    for copy in ("photo.jpg", "new/first.jpg"):
        shutil.copy(folder / "photos" / "000000.jpg", folder / copy)
    return folder


@pytest.mark.slow
def test_the_commands_of_the_readme_run_in_their_order(newcomer):
    (commands,) = [block for block in blocks(ROOT / "README.md", "") if "polyhead init" in block]
    for line in commands.splitlines():
        words = shlex.split(line, comments=True)
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=newcomer, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{line}\n{done.stderr[-2000:]}"
    answer = json.loads(done.stdout)
    assert set(answer["tasks"]) == {"contents", "daytime", "objects", "ground", "people"}


@pytest.mark.slow
def test_the_python_of_the_readme_runs(newcomer):
    (text,) = blocks(ROOT / "README.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=newcomer, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (newcomer / "answer.png").stat().st_size > 1000


@pytest.mark.slow
def test_pycocotools_finds_the_figures_that_evaluate_printed(newcomer):
    (text,) = blocks(ROOT / "docs" / "evaluation.md", "python")
    code = text.replace("street-001", "photos-001") + "print(*evaluation.stats[:3])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=newcomer, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures = json.loads((newcomer / "runs" / "photos-001" / "evaluation.json").read_text())
    metrics = figures["tasks"]["objects"]["metrics"]
    printed = [float(word) for word in done.stdout.splitlines()[-1].split()]
    assert printed == pytest.approx([metrics[n]["value"] for n in ("AP", "AP50", "AP75")], abs=1e-6)
