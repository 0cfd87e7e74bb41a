"""Random tables with ties and unknown cells, for the tests of this room."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st


def random_tags(seed, num_rows=60, num_classes=5, unknown=0.3):
    generator = np.random.default_rng(seed)
    targets = (generator.random((num_rows, num_classes)) < 0.3).astype(np.int8)
    # Rounded, so that ties are common; shifted, so that there is something to find.
    scores = np.round(generator.random((num_rows, num_classes)) * 0.8 + targets * 0.2, 1)
    targets[generator.random(targets.shape) < unknown] = -1
    return scores.astype(np.float32), targets


def random_classes(seed, num_rows=80, num_classes=4, unknown=0.2):
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(num_classes), num_rows).astype(np.float32)
    targets = generator.integers(num_classes, size=num_rows).astype(np.int32)
    targets[generator.random(num_rows) < unknown] = -1
    return probabilities, targets


def over_seeds(test):
    """Run a test on random tables; references are slow, and the machine may be shared."""
    return settings(max_examples=15, deadline=None)(given(st.integers(0, 2**32 - 1))(test))
