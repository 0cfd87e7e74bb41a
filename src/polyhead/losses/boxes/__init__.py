"""The loss of boxes: which point answers for which object, and what that costs."""
