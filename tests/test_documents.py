"""Every command and block of the README and the guides runs as written."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from polyhead.config import load_config
from polyhead.scenes import SceneOptions, write_scenes

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), re.DOTALL)


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


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A folder as the README supposes it: photos, a table, and one more photo."""
    folder = tmp_path_factory.mktemp("newcomer")
    write_scenes(folder / "scenes", 12, SceneOptions(size=64))
    (folder / "scenes" / "images").rename(folder / "photos")
    text = (folder / "scenes" / "labels.csv").read_text()
    text = text.replace("images/", "").replace("image,tags,", "image,contents,", 1)
    lines = [",".join(line.split(",")[:4]) for line in text.splitlines()]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    shutil.copy(folder / "photos" / "000000.jpg", folder / "photo.jpg")
    return folder


def test_the_commands_of_the_readme_run_in_their_order(newcomer):
    (commands,) = [b for b in blocks(ROOT / "README.md", "") if "polyhead init" in b]
    for line in commands.splitlines():
        words = shlex.split(line, comments=True)
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=newcomer, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{line}\n{done.stderr[-2000:]}"
    answer = json.loads(done.stdout)
    assert set(answer["tasks"]) == {"contents", "daytime", "people"}


def test_the_python_of_the_readme_runs(newcomer):
    (text,) = blocks(ROOT / "README.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=newcomer, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (newcomer / "answer.png").stat().st_size > 1000
