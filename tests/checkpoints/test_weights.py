"""Weight files: exact, self-checking, never a pickle."""

import hashlib
import pickle
import random

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from polyhead.checkpoints.weights import check_state, read_weights, write_weights
from polyhead.errors import CheckpointError, PolyheadError

DTYPES = [
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.uint8,
    torch.bool,
]


def same(first, second):
    """Whether tensors are equal to the last bit, in type and shape too."""
    return (
        first.keys() == second.keys()
        and all(first[name].dtype == second[name].dtype for name in first)
        and all(torch.equal(first[name], second[name]) for name in first)
    )


def tensors():
    torch.manual_seed(0)
    return {
        "conv.weight": torch.randn(4, 3, 3, 3),
        "conv.bias": torch.randn(4).to(torch.bfloat16),
        "norm.num_batches_tracked": torch.tensor(2**60 + 1),
        "empty": torch.zeros(0, 3),
        "flag": torch.tensor([True, False]),
    }


def code_of(path):
    with pytest.raises(CheckpointError) as caught:
        read_weights(path)
    assert str(path) in caught.value.message
    return caught.value.code


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "best.safetensors"
    write_weights(path, tensors(), {"config": '{"a": "é"}'})
    return path


def test_tensors_and_metadata_come_back_exactly(path):
    found, metadata = read_weights(path)
    assert same(found, tensors())
    assert metadata == {"config": '{"a": "é"}'}


@settings(deadline=None, max_examples=40)
@given(
    dtype=st.sampled_from(DTYPES),
    shape=st.lists(st.integers(0, 4), max_size=4),
    metadata=st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1),
        st.text(st.characters(codec="utf-8")),
        max_size=3,
    ),
)
def test_every_type_shape_and_text_round_trips(tmp_path_factory, dtype, shape, metadata):
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    given = {"a.b": (torch.rand(shape) * 100).to(dtype)}
    write_weights(path, given, metadata)
    found, text = read_weights(path)
    assert same(found, given)
    assert text == metadata


def test_the_file_is_plain_safetensors_to_others(path):
    assert same(safetensors.torch.load_file(path), tensors())


def test_the_checksum_is_the_documented_one(path):
    """An independent reading of the documented rule."""
    data = path.read_bytes()
    with safetensors.safe_open(path, framework="pt") as file:
        digits = file.metadata()["sha256"]
    assert data.count(digits.encode()) == 1
    assert hashlib.sha256(data.replace(digits.encode(), b"0" * 64)).hexdigest() == digits


def test_equal_content_gives_equal_files(tmp_path):
    metadata = dict.fromkeys("abcdefgh", "x")
    first = write_weights(tmp_path / "1.safetensors", tensors(), metadata)
    reordered = dict(reversed(metadata.items()))
    assert first == write_weights(tmp_path / "2.safetensors", tensors(), reordered)
    assert first == hashlib.sha256((tmp_path / "2.safetensors").read_bytes()).hexdigest()


def test_a_thousand_flipped_bits_are_all_found(path):
    data = path.read_bytes()
    bits = random.Random(0).sample(range(8 * len(data)), 1000)
    for bit in bits:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        assert code_of(path) in {"E_HASH", "E_PICKLE"}


def test_every_flipped_bit_of_the_header_is_found(tmp_path):
    path = tmp_path / "w.safetensors"
    write_weights(path, {"a": torch.ones(1)}, {})
    data = path.read_bytes()
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        assert code_of(path) in {"E_HASH", "E_PICKLE"}


def test_every_truncation_and_extension_is_found(path):
    data = path.read_bytes()
    for end in range(len(data)):
        path.write_bytes(data[:end])
        assert code_of(path) == "E_HASH"
    path.write_bytes(data + b"\0")
    assert code_of(path) == "E_HASH"


def test_metadata_that_looks_like_a_checksum_confuses_nothing(tmp_path):
    path = tmp_path / "w.safetensors"
    decoy = {"a": '"sha256":"' + "0" * 64 + '"', "b": "0" * 64}
    write_weights(path, {"sha256": torch.ones(2)}, decoy)
    assert read_weights(path)[1] == decoy


@pytest.mark.parametrize("length", [640, 776, 896, 1024 + 128])
def test_a_header_whose_length_looks_like_a_pickle_is_read(tmp_path, length):
    path = tmp_path / "w.safetensors"
    write_weights(path, {"a": torch.ones(1)}, {"pad": ""})
    found = int.from_bytes(path.read_bytes()[:8], "little")
    write_weights(path, {"a": torch.ones(1)}, {"pad": "x" * (length - found)})
    assert int.from_bytes(path.read_bytes()[:8], "little") == length
    assert same(read_weights(path)[0], {"a": torch.ones(1)})


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    safetensors.torch.save_file({"a": torch.ones(1)}, path)
    assert code_of(path) == "E_HASH"


def test_a_newer_format_says_what_is_needed(tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    with monkeypatch.context() as patch:
        patch.setattr("polyhead.checkpoints.weights.FORMAT_VERSION", "2")
        patch.setattr("polyhead.checkpoints.weights.__version__", "9.8.7")
        write_weights(path, {"a": torch.ones(1)}, {})
    assert code_of(path) == "E_FORMAT_VERSION"
    with pytest.raises(
        CheckpointError, match=r"made by polyhead 9\.8\.7 .* needs polyhead ≥ 9\.8\.7"
    ):
        read_weights(path)


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.PKL", "w.safetensors", "w.bin", "w"])
@pytest.mark.parametrize("zipped", [True, False])
def test_pickles_are_refused_whatever_their_name(tmp_path, name, zipped):
    path = tmp_path / name
    torch.save({"a": torch.ones(1)}, path, _use_new_zipfile_serialization=zipped)
    assert code_of(path) == "E_PICKLE"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_pickles_are_refused_and_never_opened(tmp_path, protocol):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was opened",))

    path = tmp_path / "w.safetensors"
    path.write_bytes(pickle.dumps(Bomb(), protocol=protocol))
    assert code_of(path) == "E_PICKLE"
    with pytest.raises(CheckpointError, match=r"safetensors\.torch\.save_file"):
        read_weights(path)


def test_an_absent_file_and_a_folder_are_named(tmp_path):
    assert code_of(tmp_path / "absent.safetensors") == "E_CHECKPOINT"
    assert code_of(tmp_path) == "E_CHECKPOINT"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_non_finite_tensors_are_named_and_the_old_file_stays(path, value):
    before = path.read_bytes()
    bad = {**tensors(), "head.weight": torch.tensor([1.0, value]), "n": torch.tensor(3)}
    with pytest.raises(CheckpointError, match=r"infinity in head\.weight\.") as caught:
        write_weights(path, bad, {})
    assert caught.value.code == "E_NON_FINITE"
    assert path.read_bytes() == before


def test_reserved_metadata_is_refused(tmp_path):
    with pytest.raises(ValueError, match="sha256"):
        write_weights(tmp_path / "w.safetensors", {}, {"sha256": "0"})


def test_a_folder_that_cannot_be_written_is_a_plain_error(tmp_path):
    with pytest.raises(PolyheadError, match="Create the folder"):
        write_weights(tmp_path / "absent" / "w.safetensors", tensors(), {})


def test_tied_strided_and_channels_last_tensors_are_written_whole(tmp_path):
    weight = torch.arange(24.0).reshape(4, 6)
    given = {
        "tied": weight,
        "tied_too": weight,
        "view": weight[1:3],
        "transposed": weight.t(),
        "expanded": weight[:1].expand(5, 6),
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "parameter": nn.Parameter(weight * 2),
    }
    write_weights(tmp_path / "w.safetensors", given, {})
    found, _ = read_weights(tmp_path / "w.safetensors")
    assert same(found, given)


def test_check_state_accepts_what_fits_and_lists_what_does_not():
    model = nn.Linear(3, 2)
    check_state(model.state_dict(), model.state_dict())
    wrong = {"weight": torch.zeros(5, 3), "head.bias": torch.zeros(2)}
    with pytest.raises(CheckpointError) as caught:
        check_state(model.state_dict(), wrong)
    assert caught.value.code == "E_STATE"
    assert caught.value.message == (
        "The weights do not fit this model. missing: bias; unexpected: head.bias; "
        "of another shape: weight (5, 3) instead of (2, 3). "
        "Use the config that they were trained with; nothing was loaded."
    )


def test_check_state_shortens_long_lists():
    with pytest.raises(CheckpointError, match=r"n0, .*n9 and 5 more"):
        check_state({f"n{i}": torch.zeros(1) for i in range(15)}, {})
