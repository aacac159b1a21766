"""A page for a drawing: the picture, and a table of what stands in its boxes, for every reader and for searching."""

import xml.etree.ElementTree as ET

from .documents import inlined, page, page_file
from .scenes import Scene

__all__ = ["graph_page"]

HEADS = ("tensor", "what it is", "value", "gradient")


def graph_page(scene: Scene, svg: str, name: str, description: str) -> str:
    """The text of the page.

    name: of the end.  description: the picture in words.
    """
    picture, style = inlined(svg)
    css = page_file("graph.css")
    main = ET.Element("main")
    ET.SubElement(main, "h1").text = f"Graph of {name}"
    figure = ET.SubElement(main, "figure", {"tabindex": "0", "aria-label": "The picture; scroll it sideways"})
    figure.append(picture)
    ET.SubElement(main, "p").text = description.split("\n")[0]
    wide = ET.SubElement(main, "div", {"class": "wide", "tabindex": "0", "role": "region", "aria-label": "Its boxes"})
    table = ET.SubElement(wide, "table")
    ET.SubElement(table, "caption").text = "What stands in the boxes, inputs first"
    head = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for text in HEADS:
        ET.SubElement(head, "th", {"scope": "col"}).text = text
    body = ET.SubElement(table, "tbody")
    for box in scene.boxes:
        row = ET.SubElement(body, "tr")
        told = dict(box.told[2:])
        what = [box.told[1][1], *(f"{k} {v}" for k, v in told.items() if k not in ("value", "gradient"))]
        ET.SubElement(row, "th", {"scope": "row"}).text = box.told[0][1]
        for text in ("; ".join(what), told.get("value", ""), told.get("gradient", "")):
            ET.SubElement(row, "td").text = text
    return page(f"Graph of {name}", ET.tostring(main, encoding="unicode", method="html"), f"{css}\n{style}")
