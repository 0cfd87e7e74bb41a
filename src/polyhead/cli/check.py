"""`polyhead check`."""

from __future__ import annotations

import json

from polyhead.cli.faults import print_faults
from polyhead.cli.options import ConfigFile, Json, Quiet, Set

NAME = "check"
HELP = "Find every fault of the data before training."
EXAMPLE = "polyhead check polyhead.yaml"


def run(config: ConfigFile, set_: Set = None, json_: Json = False, quiet: Quiet = False) -> int:
    """Exit code 3 when there is any error."""
    from polyhead.config import load_config
    from polyhead.network import check_components
    from polyhead.preparation import examine
    from polyhead.progress import Reporter

    loaded = load_config(config, set_ or [])
    check_components(loaded)
    found = examine(loaded, Reporter(quiet=quiet or json_))
    if json_:
        faults = [
            {"code": f.code, "where": f.where, "message": f.message, "row": f.row}
            for f in found.faults
        ]
        summary = {"num_rows": len(found.table), "num_errors": found.num_errors}
        print(json.dumps({**summary, "counts": found.counts(), "faults": faults}))
    else:
        print_faults(found.faults)
        state = f"{found.num_errors} errors" if found.num_errors else "no errors"
        print(f"{len(found.table)} rows, {found.num_pictures} readable pictures: {state}")
    return 3 if found.num_errors else 0
