"""The whole way, from files to figures, finds every box of a few scenes once it knows them."""

import pytest
from repeated_scenes import boxes_config, write_repeated
from tiny_runs import QUIET

from polyhead.evaluation.evaluate import evaluate
from polyhead.training import train

SIZE = 96


@pytest.mark.slow
def test_eight_scenes_are_learnt_by_heart(tmp_path):
    write_repeated(tmp_path, num=8, size=SIZE, copies=10)
    keys = {"epochs": 8, "batch_size": 8}
    run = train(
        boxes_config(tmp_path, size=SIZE, model={}, train=keys), runs=tmp_path, reporter=QUIET
    )
    found = evaluate(run.path, split="val", reporter=QUIET)["tasks"]["objects"]
    assert found["num_images_known"] == 8
    assert found["num_boxes"] > 25
    assert found["metrics"]["AP50"]["value"] > 0.9
