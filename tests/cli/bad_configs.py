"""Configs with one fault each: the text, words of the message; the exit code is always 2."""

GOOD = """\
name: good
data: {annotations: labels.csv}
tasks:
  tags: {type: tags, column: tags}
  kind: {type: class, column: kind}
model: {backbone: test_resnet, pretrained: false, image_size: 32}
train: {epochs: 1}
"""


def edited(old, new):
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def train(line):
    return edited("train: {epochs: 1}", f"train: {{{line}}}")


CASES = {
    "empty": ("", "expected keys"),
    "a list": ("- a\n- b\n", "expected"),
    "a word": ("hello\n", "expected"),
    "no tasks": ("data: {annotations: labels.csv}\n", "tasks"),
    "tasks of none": ("data: {annotations: labels.csv}\ntasks: {}\n", "tasks"),
    "unknown section": (GOOD + "trian: {epochs: 2}\n", "train"),
    "unknown key": (train("epoch: 2"), 'Did you mean "epochs"?'),
    "unknown key of data": (edited("annotations", "annotation"), "annotations"),
    "unknown key of a task": (edited("column: tags", "colum: tags"), "column"),
    "word for a number": (train("epochs: many"), "train.epochs"),
    "bool for a number": (train("epochs: true"), "train.epochs"),
    "fraction for a whole": (train("batch_size: 1.5"), "train.batch_size"),
    "below the range": (train("epochs: 0"), "train.epochs"),
    "nan": (train("learning_rate: nan"), "train.learning_rate"),
    "infinity": (train("learning_rate: inf"), "train.learning_rate"),
    "word for a bool": (edited("pretrained: false", "pretrained: maybe"), "pretrained"),
    "tiny images": (edited("image_size: 32", "image_size: 5"), "between 16 and 4096"),
    "three sides": (edited("image_size: 32", "image_size: [32, 32, 3]"), "image_size"),
    "split of too much": (edited("labels.csv}", "labels.csv, split: {val: .5, test: .45}}"), "val"),
    "split by no column": (edited("labels.csv}", "labels.csv, split: {method: column}}"), "column"),
    "device": (train("device: gpu"), "cuda"),
    "bad_data": (edited("labels.csv}", "labels.csv, bad_data: ignore}"), "skip"),
    "task type": (edited("type: tags", "type: tag"), "tags"),
    "no task type": (edited("type: tags, ", ""), "type"),
    "task name": (edited("  kind:", "  a/b:"), "a/b"),
    "column and columns": (edited("column: tags", "column: tags, columns: [a]"), "columns"),
    "loss": (edited("column: tags", "column: tags, loss: bec"), 'Did you mean "bce"?'),
    "loss of another type": (edited("column: kind", "column: kind, loss: bce"), "cross_entropy"),
    "option of a loss": (edited("column: tags", "column: tags, loss: {name: bce, x: 1}"), "x"),
    "value of an option": (
        edited("column: tags", "column: tags, loss: {name: bce, pos_weight: -1}"),
        "pos_weight",
    ),
    "head": (edited("column: tags", "column: tags, head: mpl"), 'Did you mean "mlp"?'),
    "backbone": (edited("backbone: test_resnet", "backbone: resnet5"), 'Did you mean "resnet50"?'),
    "weights of a backbone": (
        edited("test_resnet, pretrained: false", "resnet18.a9_in1k"),
        'Did you mean "resnet18.a3_in1k"?',
    ),
    "same class twice": (edited("column: kind", "column: kind, classes: [x, x]"), "x"),
    "weight": (edited("column: kind", "column: kind, weight: 0"), "weight"),
    "run name": (edited("name: good", "name: a/b"), "expected letters"),
    "key twice": (GOOD + "name: again\n", "name"),
    "alias": (edited("name: good", "name: &n good\nx: *n"), "alias"),
    "tag": (edited("name: good", "name: !!python/object:os.system x"), "tag"),
    "deep": (edited("name: good", "name: " + "[" * 30 + "]" * 30), "deep"),
    "5000 brackets": (edited("name: good", "name: " + "[" * 5000), "deep"),
    "large": (GOOD + "#" * 2**20, "bytes"),
    "no yaml": (edited("tasks:", "tasks"), "c.yaml:"),
    "tab": (edited("  tags:", "\ttags:"), "c.yaml:"),
    "not utf-8": (b"name: \xff\n", "UTF-8"),
}
