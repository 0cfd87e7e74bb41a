import numpy as np
import pytest

from polyhead.errors import ConfigError
from polyhead.metrics import fit_conformal


def draw(generator, num_rows, unknown=0.2):
    probabilities = generator.random((num_rows, 6)).astype(np.float32)
    targets = (generator.random((num_rows, 6)) < probabilities**2).astype(np.int8)
    targets[generator.random(targets.shape) < unknown] = -1
    return probabilities, targets


@pytest.mark.parametrize(("num_rows", "alpha"), [(30, 0.1), (100, 0.05), (100, 0.3)])
def test_the_share_missed_stays_below_alpha_over_many_draws(num_rows, alpha):
    generator = np.random.default_rng(0)
    missed = []
    for _ in range(300):
        fitted = fit_conformal(*draw(generator, num_rows), alpha)
        missed.append(fitted.figures(*draw(generator, 300))["missed"])
    noise = 3 * np.std(missed) / np.sqrt(len(missed))
    assert alpha - 2 / num_rows - noise < np.mean(missed) < alpha + noise


def test_it_is_the_highest_level_within_the_risk():
    probabilities, targets = draw(np.random.default_rng(1), 80)
    fitted = fit_conformal(probabilities, targets, 0.1)

    def bound(level):
        share = [
            (p[y == 1] < level).mean() if (y == 1).any() else 0
            for p, y in zip(probabilities, targets, strict=True)
        ]
        return (sum(share) + 1) / (len(share) + 1)

    assert bound(fitted.level) <= 0.1
    assert bound(np.nextafter(np.float32(fitted.level), np.float32(1))) > 0.1


def test_too_few_images_give_every_label_and_unknown_cells_never_matter():
    probabilities, targets = draw(np.random.default_rng(3), 5)
    assert fit_conformal(probabilities, targets, 0.1).level == 0
    probabilities, targets = draw(np.random.default_rng(3), 50)
    changed = np.where(targets < 0, np.float32(np.nan), probabilities)
    assert fit_conformal(changed, targets, 0.2) == fit_conformal(probabilities, targets, 0.2)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, np.nan])
def test_a_share_outside_is_refused(alpha):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        fit_conformal(*draw(np.random.default_rng(0), 5), alpha)
