"""The JSON Schema that is shipped for editors is the schema of the config."""

import json
from importlib.resources import files

from polyhead.config import json_schema


def test_the_schema_file_is_up_to_date():
    shipped = files("polyhead.config").joinpath("polyhead.schema.json").read_text(encoding="utf-8")
    expected = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    assert shipped == expected, (
        "the config has changed; write its schema again with: python -c 'import json; "
        "from polyhead.config import json_schema; "
        "print(json.dumps(json_schema(), indent=2, ensure_ascii=False))' "
        "> src/polyhead/config/polyhead.schema.json"
    )
