"""`training_report(record, pictures)`: one HTML page with everything about a training run.

Path("report.html").write_text(training_report(record, {"curves": curves(...)}), encoding="utf-8")
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tinygrad_edu.errors import DataError
from tinygrad_edu.proof import Equation

from .confusion_table import confusions
from .documents import inlined, page, page_file
from .errors import OptionError
from .picture import Picture
from .text import isolated, number_text, visible

__all__ = ["PICTURES", "training_report"]

#: What may be shown, in the order of reading: key -> (heading, what to look at).
PICTURES = {
    "curves": ("Curves", "Cost and accuracy after each epoch. A test accuracy that falls while the cost falls too is "
               "over-fitting."),
    "graph": ("Graph", "The computation of the cost J with the initial weights: every tensor with its equation, its "
              "value and its gradient, and on the dashed arrows the rules. Here dZ and dA are the gradient itself; the "
              "course's, in the proof above, are m times that. graph.svg beside this page has it at full size."),
    "weights": ("Weights over time", "A row for each layer. Rows of a matrix are units, columns are their inputs."),
    "gradients": ("Gradients over time", "The gradient of J with respect to each weight, on the same examples at "
                  "every epoch. It tends to fade as J nears a minimum."),
    "before": ("Histograms before training", "The numbers that layers pass on, and the gradients of their weights."),
    "after": ("Histograms after training", "The same after the last epoch."),
    "confusion": ("Confusion", "On the test examples: rows say what it is, columns what the network said."),
    "mistakes": ("Classified wrong", "Test examples with what they are and what the network said."),
    "boundary": ("Decision boundary", "What the network says about every point, with the training examples."),
}  # fmt: skip

LABELS = {
    "data": "data file", "classes": "classes", "layers": "hidden layers", "optimizer": "optimizer",
    "lr": "learning rate", "epochs": "epochs asked for", "batch_size": "batch size", "seed": "seed", "dtype": "dtype",
}  # fmt: skip

#: What a record always has, beside a history and a proof with rows.
PARTS = ("task", "settings", "layer_dims", "activations", "versions", "confusion", "class_names", "interrupted")

#: Test accuracy this far below the training accuracy is called over-fitting.
GAP = 0.05
MOST_EPOCHS = 7  # rows in the table of epochs


def training_report(
    record: Mapping[str, Any], pictures: Mapping[str, Picture | str], findings: Sequence[str] = ()
) -> str:
    """The text of a page without any script: summary, settings, versions, proof, epochs, pictures.

    record: what `tinygrad-edu train` writes to run.json.  pictures: Picture or SVG text, under the keys of `PICTURES`,
    in whose order they are shown; what is missing is left out.  findings: sentences for the summary.
    The page loads nothing, has light and dark colours, and every picture says in words what it shows.
    Raises OptionError for an unknown picture, DataError for a record that lacks a part.

    >>> epoch = {"number": 0, "cost": 0.7, "train_accuracy": 0.5, "test_accuracy": 0.5, "seconds": 0.0}
    >>> row = {"name": "dW1", "text": "1/m dZ1 @ X.T", "shape": [1, 2], "largest": 1.0, "by_hand": 0.0,
    ...        "numeric": 1e-9, "probed": 2}
    >>> record = {"task": "digits", "settings": {}, "layer_dims": [2, 1], "activations": ["sigmoid"], "versions": {},
    ...           "proof": [row], "history": [epoch], "confusion": [[1, 1], [0, 0]], "class_names": ["a", "b"],
    ...           "interrupted": False}
    >>> "<h1>Training report: digits</h1>" in training_report(record, {})
    True
    """
    unknown = sorted(set(map(str, pictures)) - PICTURES.keys())
    if unknown:
        raise OptionError(f"training_report: no place for {', '.join(unknown)}; there are {', '.join(PICTURES)}.")
    missing = [key for key in PARTS if key not in record] + [key for key in ("history", "proof") if not record.get(key)]
    if missing:
        raise DataError(f"training_report: the record has no {missing[0]}; hand in what run.json holds.")
    proof = _equations(record["proof"])
    body = ET.Element("body")
    header = ET.SubElement(body, "header")
    title = f"Training report: {record['task']}"
    _add(header, "h1", title)
    _add(header, "p", _summary(record, proof, findings), {"class": "summary"})
    shown = [key for key in PICTURES if key in pictures]
    headings = {"settings": "Settings", "versions": "Versions", "proof": "Proof", "epochs": "Epochs"}
    headings |= {key: PICTURES[key][0] for key in shown}
    _add_contents(body, headings)
    main = ET.SubElement(body, "main")
    pair = ET.SubElement(main, "div", {"class": "pair"})
    _add_settings(_section(pair, "settings", "Settings"), record)
    _add_versions(_section(pair, "versions", "Versions"), record)
    _add_proof(_section(main, "proof", "Proof"), proof)
    _add_epochs(_section(main, "epochs", "Epochs"), record)
    styles = {page_file("report.css"): None}
    for key in shown:
        section = _section(main, key, PICTURES[key][0])
        _add(section, "p", PICTURES[key][1])
        picture = pictures[key]
        svg, css = inlined(picture if isinstance(picture, str) else picture.svg)
        styles[css] = None  # pictures of one kind share theirs
        _scroll(section, PICTURES[key][0]).append(svg)
        if key == "confusion":
            _add_confusions(section, record)
    _add(ET.SubElement(body, "footer"), "p", "Beside this page: run.json has these numbers, weights.npz the weights.")
    inside = "".join(ET.tostring(part, encoding="unicode", method="html") for part in body)
    return page(_shown(title), inside, "\n".join(styles))


def _summary(record: Mapping[str, Any], proof: Sequence[Equation], findings: Sequence[str]) -> str:
    last = record["history"][-1]
    examples = sum(map(sum, record["confusion"]))
    train, test = last["train_accuracy"], last["test_accuracy"]
    stopped = "Training was stopped early, " if record["interrupted"] else ""
    size = "-".join(map(str, record["layer_dims"]))
    after = f"after epoch {last['number']}"
    parts = [
        f"{stopped}{after if stopped else after.capitalize()} the network {size} classifies {_percent(test)} of "
        f"{examples} test examples right, and {_percent(train)} of the training examples."
    ]
    failed = [e.name for e in proof if not e.holds]
    by_hand, numeric = number_text(max(e.by_hand for e in proof), 2), number_text(max(e.numeric for e in proof), 2)
    if failed:
        parts.append(f"The proof failed for {', '.join(failed)}: do not trust the training.")
    else:
        parts.append(
            f"The proof held: all {len(proof)} gradients agree with the hand-written equations to {by_hand} and with "
            f"finite differences to {numeric}."
        )
    best = max(record["history"], key=lambda epoch: epoch["test_accuracy"])
    gap = f"{100 * abs(train - test):.1f} points"
    if train - test > GAP:
        parts.append(f"Look at over-fitting: test accuracy is {gap} below training accuracy.")
    else:
        parts.append(f"No sign of over-fitting: training and test accuracy are {gap} apart.")
    if best["test_accuracy"] - test > GAP / 2:
        parts.append(f"Test accuracy was best after epoch {best['number']}, {_percent(best['test_accuracy'])}.")
    return " ".join([*parts, *findings])


def _equations(proof: Sequence[Mapping[str, Any]]) -> list[Equation]:
    try:
        return [Equation(**{**row, "shape": tuple(row["shape"])}) for row in proof]
    except (KeyError, TypeError) as error:
        raise DataError(f"training_report: a row of the proof is no Equation: {error}.") from error


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _shown(text: Any) -> str:
    """Any text so that a reader sees all of it and it moves nothing around it."""
    return isolated(visible(str(text)))


def _add(parent: ET.Element, tag: str, text: Any, attributes: Mapping[str, str] | None = None) -> ET.Element:
    element = ET.SubElement(parent, tag, dict(attributes or {}))
    element.text = _shown(text)
    return element


def _section(main: ET.Element, key: str, heading: str) -> ET.Element:
    section = ET.SubElement(main, "section", {"aria-labelledby": key})
    _add(section, "h2", heading, {"id": key})
    return section


def _scroll(section: ET.Element, what: str) -> ET.Element:
    """A box that scrolls sideways by itself, and can be reached with the keyboard to do so."""
    label = {"role": "group", "aria-label": f"{what}, scrolls sideways"}
    return ET.SubElement(section, "div", {"class": "scroll", "tabindex": "0", **label})


def _add_contents(body: ET.Element, headings: Mapping[str, str]) -> None:
    items = ET.SubElement(ET.SubElement(body, "nav", {"aria-label": "Contents"}), "ul")
    for key, heading in headings.items():
        _add(ET.SubElement(items, "li"), "a", heading, {"href": f"#{key}"})


def _add_table(
    parent: ET.Element, caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Sequence[int] = ()
) -> list[ET.Element]:
    """A table whose first column names its rows; `numbers`: the columns set flush right.  Returns its rows."""
    table = ET.SubElement(parent, "table", {"class": "wide"} if len(head) > 2 else {})
    _add(table, "caption", caption)
    top = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for i, text in enumerate(head):
        _add(top, "th", text, {"scope": "col", **({"class": "number"} if i in numbers else {})})
    body, made = ET.SubElement(table, "tbody"), []
    for cells in rows:
        row = ET.SubElement(body, "tr")
        for i, text in enumerate(cells):
            kind = {"class": "number"} if i in numbers else {}
            _add(row, "td" if i else "th", text, kind if i else {"scope": "row"})
        made.append(row)
    return made


def _add_settings(section: ET.Element, record: Mapping[str, Any]) -> None:
    rows = [("network", " - ".join(map(str, record["layer_dims"]))), ("activations", ", ".join(record["activations"]))]
    for key, value in record["settings"].items():
        if value is not None:
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            rows.append((LABELS.get(key, key), str(shown)))
    _add_table(section, "What was asked for", ("setting", "value"), rows)


def _add_versions(section: ET.Element, record: Mapping[str, Any]) -> None:
    _add_table(section, "What it ran on", ("package", "version"), record["versions"].items())


def _add_proof(section: ET.Element, proof: Sequence[Equation]) -> None:
    rows = [(e.name, e.text, " x ".join(map(str, e.shape)), f"{e.by_hand:.0e}", f"{e.numeric:.0e}") for e in proof]
    _add(
        section, "p", "Every gradient of J, in float64 with the initial weights: by hand is the largest |engine - "
        "equation| over all entries, numeric the largest |engine - finite difference| at up to 32 of them. dZ and dA "
        "are the course's: m times the gradient of J.",
    )  # fmt: skip
    head = ("gradient", "equation", "shape", "by hand", "numeric", "holds")
    verdicts = ["yes" if e.holds else "NO" for e in proof]
    box = _scroll(section, "Proof")
    made = _add_table(box, "Engine against equations", head, [(*r, v) for r, v in zip(rows, verdicts)], (3, 4))
    for row, verdict in zip(made, verdicts):
        equation = row[1]
        ET.SubElement(equation, "code").text, equation.text = equation.text, None
        if verdict == "NO":
            row[-1].set("class", "bad")


def _add_epochs(section: ET.Element, record: Mapping[str, Any]) -> None:
    history = record["history"]
    last = len(history) - 1
    chosen = sorted({round(i * last / (MOST_EPOCHS - 1)) for i in range(MOST_EPOCHS)})
    rows = [
        (
            history[i]["number"],
            number_text(history[i]["cost"]),
            _percent(history[i]["train_accuracy"]),
            _percent(history[i]["test_accuracy"]),
            f"{history[i]['seconds']:.2f}",
        )
        for i in chosen
    ]
    caption = f"{len(rows)} of {len(history)} epochs; run.json has all" if len(rows) < len(history) else "All epochs"
    head = ("epoch", "cost", "training accuracy", "test accuracy", "seconds")
    _add_table(_scroll(section, "Epochs"), caption, head, rows, (1, 2, 3, 4))


def _add_confusions(section: ET.Element, record: Mapping[str, Any]) -> None:
    said = confusions(record["confusion"], record["class_names"])
    if said:
        _add(section, "p", "Most frequent errors:")
        items = ET.SubElement(section, "ul")
        for sentence in said:
            _add(items, "li", sentence)
