"""Images that keep the part of an earlier split."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polyhead.data import PARTS, SplitKeys, inherit_split

PART = st.sampled_from(PARTS)


@given(
    st.lists(st.tuples(PART, st.none() | PART, st.sampled_from(["", "g", "h"])), min_size=1),
)
def test_a_group_has_the_part_that_was_seen_most(rows):
    images = [f"{number}.jpg" for number in range(len(rows))]
    drawn = np.array([row[0] for row in rows])
    earlier = {image: row[1] for image, row in zip(images, rows, strict=True) if row[1]}
    groups = [row[2] for row in rows]
    kept = inherit_split(images, drawn, earlier, SplitKeys(groups=groups)).tolist()
    for row, image in enumerate(images):
        mates = [
            other
            for other, group in zip(images, groups, strict=True)
            if other == image or (group and group == groups[row])
        ]
        known = [part for part in PARTS if part in {earlier.get(other) for other in mates}]
        assert kept[row] == (known[0] if known else drawn[row])


CONTENT = st.sampled_from([b"", b"0a", b"0b", b"0c"])


@given(
    st.lists(st.tuples(CONTENT, PART), min_size=1, max_size=8),
    st.lists(st.tuples(CONTENT, PART, st.booleans()), min_size=1, max_size=8),
)
def test_no_copy_of_a_training_image_is_held_out_under_any_name(before, rows):
    earlier = {f"{number}.jpg": part for number, (_, part) in enumerate(before)}
    contents = [(content, part) for content, part in before if content]
    ranked = sorted(contents, key=lambda item: -PARTS.index(item[1]))
    earlier |= {content.decode(): part for content, part in ranked}
    images = [
        f"{number}.jpg" if old else f"new/{number}.jpg" for number, (*_, old) in enumerate(rows)
    ]
    digests = np.array([row[0] for row in rows], "S32")
    drawn = np.array([row[1] for row in rows])
    kept = inherit_split(images, drawn, earlier, SplitKeys(digests=digests)).tolist()
    trained_on = {content for content, part in contents if part == "train"}
    for (content, _, _), part in zip(rows, kept, strict=True):
        assert content not in trained_on or part == "train"
    for content in {row[0] for row in rows} & {content for content, _ in contents}:
        assert len({part for row, part in zip(rows, kept, strict=True) if row[0] == content}) == 1
