"""Couplings that depend on the image: what they are, and that they are learnt."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from label_cells import COUNTS, NOTHING, NUM_CLASSES, cells, gradient

from polyhead.field import PairwiseField, Rules
from polyhead.losses import Asymmetric, Bce, Pairwise
from polyhead.losses.tags.pairwise import GAIN, L2
from polyhead.tasks.statistics import LabelCounts

NO_RULES = Rules()
RULES = Rules.of("abcde", exclusive=[["a", "b"]], implies={"c": ["d"]})
ONE_OF = Rules.of("abcde", exactly_one=[["a", "b", "c"]])
every_objective = pytest.mark.parametrize("objective", ["pseudo", "exact"])
every_base = pytest.mark.parametrize("base", [Bce, Asymmetric])
few = settings(max_examples=15)


def low_rank(base: type[Bce | Asymmetric] = Bce, rules=NO_RULES, *, seed=0, rank=2, **options):
    """The loss with random couplings and directions."""
    loss = Pairwise(base(COUNTS), COUNTS, rules, rank=rank, **options)
    generator = torch.Generator().manual_seed(seed)
    assert loss.low_rank is not None
    for parameter in (loss.edges, loss.low_rank.parameter):
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator) / GAIN)
    return loss


def by_formula(loss, rules, logits, targets, known):
    """The loss from the numpy field of each image, and the penalty pair by pair."""
    field = loss.field(rules)
    found, total = loss.dense(logits), 0.0
    unaries = found["logits"].detach().double().numpy()
    gates = found["gates"].detach().double().numpy()
    told = np.where(known.numpy(), targets.numpy(), -1)
    for row in range(len(told)):
        image, one = field.at(gates[row]), slice(row, row + 1)
        is_exact = loss.objective == "exact" or (told[row] < 0).any()  # unknown ones summed out
        name = "log_likelihood" if is_exact else "pseudo_log_likelihood"
        total -= getattr(image, name)(unaries[one], told[one])[0]
    alone = [
        PairwiseField(0 * field.couplings, field.means, rules, a[None]) for a in field.directions
    ]
    added = [one.at(np.ones(1)).couplings for one in alone]
    weights = np.concatenate([np.triu(w)[None] for w in (field.couplings, *added)])
    penalty = L2 * (weights**2).sum() + loss.l1 * np.abs(weights).sum()
    return total + penalty * known.sum().item() / NUM_CLASSES


@every_objective
@pytest.mark.parametrize("rules", [NO_RULES, RULES, ONE_OF], ids=["none", "pairs", "one of"])
@few
@given(seed=st.integers(0, 2**31), share=st.floats(0, 1))
def test_it_is_the_likelihood_that_inference_finds(objective, rules, seed, share):
    loss = low_rank(rules=rules, objective=objective, seed=seed, l1=0.01)
    logits, _, known = cells(loss, share_known=share, seed=seed)
    assert logits.shape[1] == NUM_CLASSES + 2
    unaries = loss.log_odds(logits).detach().double().numpy()
    legal = PairwiseField.independent(NUM_CLASSES, rules).mode(unaries)
    targets = torch.from_numpy(legal.astype(np.int8))
    expected = by_formula(loss, rules, logits, targets, known)
    assert loss(logits, targets, known).item() == pytest.approx(expected, rel=1e-5, abs=1e-4)


@every_objective
def test_without_a_rank_nothing_changes(objective):
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    plain = Pairwise(Bce(COUNTS), COUNTS, RULES, objective=objective)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert len(plain.initial_logits()) == NUM_CLASSES
    assert plain.dense(torch.zeros(2, NUM_CLASSES)).keys() == {"logits", "probabilities"}
    assert plain.field(RULES).directions is None
    shut = low_rank(rules=RULES, objective=objective)
    shut.edges.data.zero_()
    assert shut.low_rank is not None
    shut.low_rank.parameter.data.zero_()
    logits, targets, known = cells(shut)
    alone = logits[:, :NUM_CLASSES].detach()
    torch.testing.assert_close(shut(logits, targets, known), plain(alone, targets, known))


@every_objective
@every_base
def test_at_the_start_gates_are_shut_and_have_a_gradient(objective, base):
    loss = Pairwise(base(COUNTS), COUNTS, NO_RULES, objective=objective, rank=2)
    start = loss.initial_logits()
    assert loss.dense(start[None])["gates"].tolist() == [[0, 0]]
    logits, targets, known = cells(loss)
    shut = torch.cat([logits[:, :NUM_CLASSES], 0 * logits[:, NUM_CLASSES:]], 1)
    assert (gradient(loss, shut, targets, known)[known.any(1), NUM_CLASSES:] != 0).all()
    plain = Pairwise(base(COUNTS), COUNTS, NO_RULES, objective=objective)
    torch.testing.assert_close(
        loss(shut, targets, known),
        plain(shut[:, :NUM_CLASSES], targets, known),
        rtol=1e-3,
        atol=1e-3,
    )


@every_objective
@every_base
def test_unknown_targets_and_unknown_images_are_never_read(objective, base):
    loss = low_rank(base, objective=objective)
    logits, targets, known = cells(loss, share_known=0.3)
    assert not known.any(1).all()
    read = known.any(1, keepdim=True).expand(-1, NUM_CLASSES + 2)
    spoilt = torch.where(read, logits.detach(), float("nan")).requires_grad_()
    wrong = torch.where(known, targets, 1 - targets)
    found = torch.autograd.grad(loss(spoilt, wrong, known), [spoilt, *loss.parameters()])
    expected = torch.autograd.grad(loss(logits, targets, known), [logits, *loss.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert (found[0][:, :NUM_CLASSES][~known] == 0).all()
    assert (found[0][~read] == 0).all()


@every_objective
@pytest.mark.parametrize("options", [{}, {"l1": 0.1}])
def test_the_sum_splits_over_batches(objective, options):
    loss = low_rank(objective=objective, **options)
    logits, targets, known = cells(loss)
    parts = sum(loss(logits[h], targets[h], known[h]) for h in (slice(0, 5), slice(5, None)))
    torch.testing.assert_close(parts, loss(logits, targets, known))


@every_objective
def test_a_loss_of_another_form_trains_the_labels_of_the_head_alone(objective):
    loss, base = low_rank(Asymmetric, objective=objective), Asymmetric(COUNTS)
    logits, targets, known = cells(loss)
    labels = logits[:, :NUM_CLASSES]
    found = gradient(loss, logits, targets, known)
    torch.testing.assert_close(found[:, :NUM_CLASSES], gradient(base, labels, targets, known))
    assert (found[known.any(1), NUM_CLASSES:] != 0).any()
    assert loss.link(logits).shape == (12, NUM_CLASSES)


@every_objective
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_and_extreme_logits_stay_finite(objective, dtype):
    loss = low_rank(objective=objective)
    logits, targets, known = cells(loss)
    half = logits.detach().to(dtype)
    assert loss(half, targets, known) == loss(half.float(), targets, known)
    assert loss.dense(half)["gates"].dtype == torch.float32
    extreme = (logits.detach().sign() * 1e4).to(dtype)
    assert torch.isfinite(loss(extreme, targets, known))
    assert torch.isfinite(gradient(loss, extreme, targets, known)).all()


def test_what_was_learnt_travels_in_the_state():
    loss, blank = low_rank(), Pairwise(Bce(NOTHING), NOTHING, NO_RULES, rank=2)
    blank.load_state_dict(loss.state_dict(), strict=True)
    rows = cells(loss)
    assert torch.equal(blank(*rows), loss(*rows))
    assert blank.field(RULES) == loss.field(RULES)


@pytest.mark.parametrize("rank", [-1, 9])
def test_a_rank_out_of_range_is_refused(rank):
    with pytest.raises(ValueError, match=f"rank = {rank}"):
        Pairwise(Bce(COUNTS), COUNTS, NO_RULES, rank=rank)


def flipping(num_rows, num_labels=5, seed=0):
    """Labels of which four attract and repel each other one way or the other, as context says."""
    generator = np.random.default_rng(seed)
    context = generator.choice([-1.0, 1.0], num_rows)[:, None]
    directions = np.array([[1.2, 1.2, -1.2, 1.2, 0.0]])
    means = np.full(num_labels, 0.5)
    field = PairwiseField(np.zeros((num_labels,) * 2), means, directions=directions)
    unaries = generator.normal(0, 0.5, (num_rows, num_labels))
    states = (np.arange(2**num_labels)[:, None] >> np.arange(num_labels)) & 1
    bound = field.of_images(context)
    log_shares = [bound.log_likelihood(unaries, np.tile(s, (num_rows, 1))) for s in states]
    cumulative = np.exp(np.stack(log_shares, 1)).cumsum(1)
    drawn = (generator.random((num_rows, 1)) > cumulative).sum(1).clip(max=len(states) - 1)
    seen = np.concatenate([unaries, context + generator.normal(0, 0.3, context.shape)], 1)
    truth = bound.log_likelihood(unaries, states[drawn])
    return torch.from_numpy(seen).float(), torch.from_numpy(states[drawn]), truth


@every_objective
def test_couplings_that_flip_with_the_context_are_found(objective):
    features, targets, truth = flipping(2500)
    training, held_out = slice(0, 1500), slice(1500, None)
    counts = LabelCounts(targets[training].sum(0).double().numpy(), np.full(5, 1500.0))
    found = {}
    for rank in (0, 1):
        torch.manual_seed(0)
        loss = Pairwise(Bce(counts), counts, NO_RULES, objective=objective, rank=rank)
        head = torch.nn.Linear(6, 5 + rank)
        torch.nn.init.zeros_(head.weight)
        optimizer = torch.optim.Adam([*head.parameters(), *loss.parameters()], lr=0.03)
        known = torch.ones(1500, 5, dtype=torch.bool)
        for _ in range(80):
            optimizer.zero_grad()
            (loss(head(features[training]), targets[training], known) / known.sum()).backward()
            optimizer.step()
        dense = loss.dense(head(features[held_out]))
        dense = {name: array.detach().numpy() for name, array in dense.items()}
        field = loss.field(NO_RULES)
        field = field.of_images(dense["gates"]) if rank else field
        labels = targets[held_out].numpy()
        found[rank] = field.log_likelihood(dense["logits"], labels).mean()
    assert found[1] > found[0] + 0.15
    assert found[1] > truth[held_out].mean() - 0.1
