"""Group decoding against loops, and what the number of labels changes."""

import pytest
import torch
from torch.nn import functional

from polyhead.heads import MlDecoder


def stirred(num_outputs):
    head = MlDecoder(6, num_outputs, width=16, hidden=24).eval()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return head


def decoded(head, image):
    """(D, H, W) -> (L,) logits: attention head by attention head, label by label."""
    places = functional.relu(head.embed(image.flatten(1).T))
    queries = head.norms[0](head.queries)
    weights = zip(
        head.attention.in_proj_weight.chunk(3), head.attention.in_proj_bias.chunk(3), strict=True
    )
    (wq, bq), (wk, bk), (wv, bv) = weights
    q, k, v = queries @ wq.T + bq, places @ wk.T + bk, places @ wv.T + bv
    parts = []
    for part in range(8):
        columns = slice(2 * part, 2 * part + 2)
        shares = torch.softmax(q[:, columns] @ k[:, columns].T / 2**0.5, -1)
        parts.append(shares @ v[:, columns])
    attended = head.attention.out_proj(torch.cat(parts, 1))
    state = head.norms[1](queries + attended)
    first, last = head.between[0], head.between[3]
    state = head.norms[2](state + last(functional.relu(first(state))))
    group = head.weight.shape[2]
    return torch.stack(
        [
            state[label // group] @ head.weight[label // group, :, label % group] + head.bias[label]
            for label in range(len(head.bias))
        ]
    )


@pytest.mark.parametrize("num_outputs", [1, 5, 100, 101, 250])
def test_it_is_what_a_loop_over_heads_and_labels_gives(num_outputs):
    head = stirred(num_outputs)
    features = torch.randn(2, 6, 3, 4)
    expected = torch.stack([decoded(head, image) for image in features])
    torch.testing.assert_close(head(features), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("num_outputs", "num_queries"), [(3, 3), (100, 100), (10_000, 100)])
def test_there_are_never_more_than_a_hundred_queries(num_outputs, num_queries):
    head = MlDecoder(6, num_outputs, width=16, hidden=24)
    assert head.queries.shape == (num_queries, 16)
    assert "queries" not in dict(head.named_parameters())


def test_queries_are_fixed_and_travel_with_the_weights():
    head = stirred(5)
    assert "queries" in head.state_dict()
    before = head.queries.clone()
    optimizer = torch.optim.SGD(head.parameters(), 0.1)
    head(torch.randn(2, 6, 3, 4)).sum().backward()
    optimizer.step()
    assert torch.equal(head.queries, before)


def test_the_order_of_places_means_nothing():
    head = stirred(5)
    features = torch.randn(2, 6, 3, 4)
    shuffled = features.flatten(2)[:, :, torch.randperm(12)].unflatten(2, (3, 4))
    torch.testing.assert_close(head(shuffled), head(features), atol=1e-4, rtol=1e-4)
