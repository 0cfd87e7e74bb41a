"""A proposal with the heads and losses of a recipe."""

from __future__ import annotations

from dataclasses import replace

from polyhead.config_guess.proposal import Decision, Proposal
from polyhead.config_guess.recipe import Recipe
from polyhead.errors import DataError, Fault


def follow(proposal: Proposal, recipe: Recipe) -> Proposal:
    """Give each task the head and loss of the recipe's task of its type.

    Tasks of a type that the recipe lacks are left out, and offers that follow from these.

    Raises:
        DataError: `E_NO_TASK`: none is left; names the types on both sides.
    """
    decisions = tuple(_learnt(decision, recipe) for decision in proposal.decisions)
    names = {decision.task for decision in decisions}
    decisions = tuple(
        d for d in decisions if d.task is None or d.keys.get("from") in (None, *names)
    )
    found = replace(proposal, decisions=decisions, recipe=recipe)
    if not found.tasks:
        there = ", ".join(dict.fromkeys(task.type for task in proposal.tasks))
        source = ", ".join(source.path.name for source in proposal.sources)
        message = (
            f"found tasks of type {there}; expected one of {', '.join(recipe.keys)} for the recipe "
            f"{recipe.name}; add such labels or choose another recipe."
        )
        raise DataError(f"{source}: {message}", [Fault("E_NO_TASK", source, message)])
    return found


def _learnt(decision: Decision, recipe: Recipe) -> Decision:
    if decision.task is None:
        return decision
    if decision.type not in recipe.keys:
        reason = f"a task of this type, left out, as the recipe {recipe.name} has none"
        return replace(decision, task=None, is_offer=False, reason=reason)
    return replace(decision, keys={**decision.keys, **recipe.keys[decision.type]})
