"""A pairwise random field over the labels of one image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from polyhead.errors import CheckpointError, DivergedError
from polyhead.field.components import FieldComponent, split
from polyhead.field.conditioning import check_evidence
from polyhead.field.enumeration import Enumeration
from polyhead.field.expected_f import decide_expected_f
from polyhead.field.field_shapes import check_shapes
from polyhead.field.halved import Halved
from polyhead.field.label_sizes import sizes_of_parts
from polyhead.field.legal_thresholding import legal_thresholding
from polyhead.field.low_rank import added_couplings
from polyhead.field.pseudo_likelihood import pseudo_log_likelihood, unknown_neighbours
from polyhead.field.rules import NO_RULES, UNKNOWN_LABEL, Rules
from polyhead.field.strongest import Coupling, strongest_couplings

LARGEST_LOG_ODDS = 1e4  # an infinite one would make 0 · ∞ of a label that is no


@dataclass(frozen=True, eq=False)
class PairwiseField:
    """p(y|x) ∝ exp(Σ_i u_i(x) y_i + Σ_{i<j} W_ij (y_i − μ_i)(y_j − μ_j)) over legal y in {0, 1}^L.

    W_ij is a log-odds ratio; W = 0 without rules is the independent model. Labels that neither
    couplings nor rules join are solved apart: exactly while a part has at most 2^14 legal states,
    or its half sets make at most 2^22 pairs (22 labels without rules). Else marginals by common
    causes or by messages, and the mode by a minimum cut, a mixed-integer programme or iterated
    modes. All shapes (B, L): B images. `evidence` holds known labels, 1 yes, 0 no, -1 unknown.

    Attributes:
        couplings: (L, L) float64 W, symmetric with a zero diagonal.
        means: (L,) float64 μ, how often each label is yes.
        rules: What is legal.
        directions: (R, L) a_r, where W(x) = W + Σ_r α_r(x) a_r a_rᵀ, but for its diagonal and for
            pairs that a rule joins, which it leaves alone; or None. See `of_images` and `at`.
        gates: (B, R) α(x) of the images that it answers for, or None.

    Raises:
        ValueError: A shape or value is wrong.

    >>> field = PairwiseField(np.array([[0.0, 2.0], [2.0, 0.0]]), np.array([0.5, 0.5]))
    >>> field.marginals(np.zeros((1, 2)), evidence=np.array([[1, -1]])).round(2)
    array([[1.  , 0.73]])
    """

    couplings: np.ndarray
    means: np.ndarray
    rules: Rules = NO_RULES
    directions: np.ndarray | None = None
    gates: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("couplings", "means", "directions", "gates"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64))
        check_shapes(self.couplings, self.means, self.directions, self.gates)
        num_ruled = len(self.rules.classes)
        if num_ruled and num_ruled != len(self.means):
            raise ValueError(f"`rules` are of {num_ruled} labels, not {len(self.means)}.")

    @classmethod
    def independent(cls, num_labels: int, rules: Rules | None = None) -> PairwiseField:
        """Without couplings."""
        return cls(
            np.zeros((num_labels,) * 2), np.zeros(num_labels), NO_RULES if rules is None else rules
        )

    def of_images(self, gates: np.ndarray) -> PairwiseField:
        """The field that answers for B images, each with the W(x) of its row of gates (B, R)."""
        return replace(self, gates=gates)

    def at(self, gates: np.ndarray) -> PairwiseField:
        """The field without directions whose W is the W(x) of one image's gates (R,)."""
        assert self._added is not None, "a field without directions is the same for all images"
        added = np.tensordot(gates, self._added, 1)
        return PairwiseField(self.couplings + (added + added.T) / 2, self.means, self.rules)

    @property
    def is_coupled(self) -> bool:
        """Whether there is any coupling between labels, besides rules."""
        return bool(np.any(self.couplings)) or self.directions is not None

    @property
    def is_exact(self) -> bool:
        """Whether every part is small enough to be summed exactly."""
        return self.num_sets < np.inf

    @property
    def num_sets(self) -> float:
        """Legal sets of labels that log Z sums, all parts together; ∞ where one has too many."""
        return sum(part.num_sets for part in self._parts)

    def log_partition(self, unaries: np.ndarray) -> np.ndarray:
        """(B,) log Z, the log of the sum of exp(…) over legal y.

        Raises:
            ValueError: A part has too many legal states.
        """
        unaries = self._checked(unaries, None)
        total = np.logaddexp(0, unaries[:, self.alone]).sum(1)
        for part, listed in self._enumerations():
            total += listed.log_partition(unaries[:, part.labels])
        return total

    def marginals(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B, L) P(y_i = 1 | evidence)."""
        from scipy.special import expit

        found = expit(unaries := self._checked(unaries, evidence))
        if evidence is not None:
            found = np.where(evidence >= 0, evidence, found)
        return self._by_part(found, FieldComponent.marginals, unaries, evidence)

    def mode(self, unaries: np.ndarray, evidence: np.ndarray | None = None) -> np.ndarray:
        """(B, L) bool, the most likely legal y."""
        unaries = self._checked(unaries, evidence)
        found = unaries > 0
        if evidence is not None:
            found = np.where(evidence >= 0, evidence == 1, found)
        return self._by_part(found, FieldComponent.mode, unaries, evidence)

    def log_likelihood(self, unaries: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """(B,) log P of the known cells: lse over the states that agree − lse over all.

        Args:
            unaries: (B, L).
            targets: (B, L) 1 yes, 0 no, -1 unknown. −inf where they break a rule.

        Raises:
            ValueError: A part has too many legal states; see `pseudo_log_likelihood`.
        """
        unaries = self._checked(unaries, None)
        alone, known = unaries[:, self.alone], targets[:, self.alone]
        terms = -np.logaddexp(0, np.where(known == 1, -alone, alone))
        total = np.where(known >= 0, terms, 0).sum(1)
        for part, listed in self._enumerations():
            inside = unaries[:, part.labels]
            total += listed.log_partition(inside, targets[:, part.labels])
            total -= listed.log_partition(inside)
        return total

    def pseudo_log_likelihood(self, unaries: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """(B,) Σ over known i of log P(y_i | known others); unknown ones are summed out singly."""
        unaries = self._checked(unaries, None)
        conditionals = unaries + self.pull(targets)
        if self.is_coupled:
            conditionals += unknown_neighbours(
                unaries, targets, self._couplings_of, self.means, self.rules
            )
        return pseudo_log_likelihood(conditionals, targets, self.rules)

    def pull(self, targets: np.ndarray) -> np.ndarray:
        """(B, L) Σ_j W_ij (y_j − μ_j) over known j: what these add to the log-odds of each."""
        neighbours = np.where(targets >= 0, targets - self.means, 0)
        pull = neighbours @ self.couplings
        if self._added is None or self.gates is None:
            return pull
        return pull + np.einsum("br,bi,rij->bj", self.gates, neighbours, self._added, optimize=True)

    def decode_marginals(
        self, probabilities: np.ndarray, thresholds: np.ndarray, evidence: np.ndarray | None = None
    ) -> np.ndarray:
        """(B, L) bool p >= t; where illegal, the legal y of the largest Σ y_i (lg p_i − lg t_i).

        Args:
            probabilities: (B, L), such as the marginals.
            thresholds: (L,).
            evidence: (B, L) or None.
        """
        check_evidence(evidence, probabilities.shape, self.rules)
        repair = self._uncoupled.mode
        return legal_thresholding(probabilities, thresholds, self.rules, evidence, repair)

    def expected_f(
        self, unaries: np.ndarray, beta: float = 1.0, evidence: np.ndarray | None = None
    ) -> np.ndarray:
        """(B, L) bool, the answer of the highest expected example-F_β.

        Exact where the parts are and the legal answers can be listed; labels of a part that is too
        large count as independent, with its marginals.
        """
        clean = self._checked(unaries, evidence)
        joint = sizes_of_parts(self._parts, clean, evidence, self.marginals(unaries, evidence))
        known = np.full(clean.shape, UNKNOWN_LABEL) if evidence is None else evidence
        return decide_expected_f(joint, beta, self.rules, known, self._uncoupled.mode)

    def strongest(
        self, classes: Sequence[str], targets: np.ndarray | None = None, num: int = 20
    ) -> list[Coupling]:
        """The couplings of largest |W|, with how often each pair of labels was seen.

        Args:
            classes: The L names.
            targets: (N, L) 1 yes, 0 no, -1 unknown, to count over; or None.
            num: Most rows.
        """
        return strongest_couplings(self.couplings, classes, targets, num)

    def to_dict(self) -> dict[str, Any]:
        """Means and non-zero couplings [i, j, W_ij], as JSON; rules are kept beside."""
        rows, columns = np.nonzero(np.triu(self.couplings, 1))
        weights = self.couplings[rows, columns].tolist()
        triples = zip(rows.tolist(), columns.tolist(), weights, strict=True)
        entry = {"means": self.means.tolist(), "couplings": [list(t) for t in triples]}
        more = {} if self.directions is None else {"directions": self.directions.tolist()}
        return entry | more

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any], rules: Rules | None = None) -> PairwiseField:
        """What `to_dict` wrote, bit for bit.

        Raises:
            CheckpointError: It is damaged.
        """
        try:
            means = np.array(entry["means"], np.float64)
            couplings = np.zeros((len(means),) * 2)
            for i, j, weight in entry["couplings"]:
                couplings[i, j] = couplings[j, i] = weight
            return cls(
                couplings, means, NO_RULES if rules is None else rules, entry.get("directions")
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise CheckpointError(
                f"a label field is damaged ({error}); restore the file."
            ) from error

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PairwiseField):
            return NotImplemented
        return self.rules == other.rules and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.rules, self.couplings.tobytes()))

    @cached_property
    def _parts(self) -> tuple[FieldComponent, ...]:
        return split(self.couplings, self.means, self.rules, self._added, self.gates)

    @cached_property
    def _added(self) -> np.ndarray | None:
        """(R, L, L) what each gate adds to the couplings."""
        return None if self.directions is None else added_couplings(self.directions, self.rules)

    def _couplings_of(self, rows: np.ndarray) -> np.ndarray:
        """(L, L) W of all images, or (b, L, L) W(x) of some."""
        if self._added is None or self.gates is None:
            return self.couplings
        return self.couplings + np.tensordot(self.gates[rows], self._added, 1)

    @cached_property
    def alone(self) -> np.ndarray:
        """(k,) labels that neither couplings nor rules join to another."""
        joined = [part.labels for part in self._parts]
        return np.setdiff1d(np.arange(len(self.means)), np.concatenate([[], *joined]))

    @cached_property
    def _uncoupled(self) -> PairwiseField:
        return PairwiseField.independent(len(self.means), self.rules)

    def _enumerations(self) -> list[tuple[FieldComponent, Enumeration | Halved]]:
        return [(part, part.listed) for part in self._parts]

    def _by_part(
        self,
        found: np.ndarray,
        solve: Callable[[FieldComponent, np.ndarray, np.ndarray | None], np.ndarray],
        unaries: np.ndarray,
        evidence: np.ndarray | None,
    ) -> np.ndarray:
        for part in self._parts:
            known = None if evidence is None else evidence[:, part.labels]
            found[:, part.labels] = solve(part, unaries[:, part.labels], known)
        return found

    def _checked(self, unaries: np.ndarray, evidence: np.ndarray | None) -> np.ndarray:
        """Finite float64 log-odds, once shapes and evidence are checked."""
        if self.directions is not None and self.gates is None:
            raise ValueError(
                "this field differs from image to image: ask `field.of_images(gates)`."
            )
        if self.gates is not None and len(self.gates) != len(unaries):
            raise ValueError(f"gates are of {len(self.gates)} images, not of {len(unaries)}.")
        if unaries.ndim != 2 or unaries.shape[1] != len(self.means):
            raise ValueError(
                f"`unaries` should be (B, {len(self.means)}) log-odds. Found {unaries.shape}."
            )
        if np.isnan(unaries).any() or (self.gates is not None and np.isnan(self.gates).any()):
            raise DivergedError("a label's log-odds are NaN; expected numbers; train again.")
        check_evidence(evidence, unaries.shape, self.rules)
        return np.clip(np.asarray(unaries, np.float64), -LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
