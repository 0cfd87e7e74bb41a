"""Weight files that were deleted after training wrote them."""

from __future__ import annotations

from polyhead.checkpoints.weights import write_weights
from polyhead.errors import CheckpointError
from polyhead.files import explained
from polyhead.runtime.run_folder import RunFolder
from polyhead.training.ema import ExponentialAverage
from polyhead.training.state import Position


def restore_lost_weights(run: RunFolder, position: Position, average: ExponentialAverage) -> None:
    """Write the weights of the last epoch, and the best where they are the same, if they are gone.

    Args:
        run: Its folder.
        position: The position of its checkpoint.
        average: The averaged weights of that checkpoint.

    Raises:
        CheckpointError: The best weights are gone, and the checkpoint is of a later moment.
    """
    ends_epoch = position.epoch > 0 and position.batch == 0
    is_best = ends_epoch and position.best_epoch == position.epoch - 1
    if position.best_epoch is not None and not (is_best or run.best_weights.exists()):
        raise CheckpointError(
            f"{run.best_weights} is gone: it held the best weights, of epoch "
            f"{position.best_epoch + 1}, and the checkpoint holds later ones; copy the file back, "
            f"or train again with polyhead train {run.resolved_config}."
        )
    with explained("create", run.best_weights.parent):
        run.best_weights.parent.mkdir(exist_ok=True)
    files = [run.last_weights] * ends_epoch + [run.best_weights] * is_best
    for path in files:
        if not path.exists():
            write_weights(path, average.state_dict(), {"epoch": str(position.epoch - 1)})
