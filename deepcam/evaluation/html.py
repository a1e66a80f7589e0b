"""The report as one page for the browser, with the plots in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-size:13px;display:block;overflow-x:auto}
td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left}th{background:#f2f2f2}
strong{color:#a3162f}img,svg{max-width:100%;height:auto}figure{display:inline-block;margin:.5rem}
"""


def page(markdown: str, plots: Mapping[str, str]) -> str:
    """HTML of the report's own Markdown (headings, tables, lists, pictures, bold, code)."""
    body: list[str] = []
    rows: list[list[str]] = []
    items: list[tuple[str, str]] = []

    def close() -> None:
        if rows:
            head, *rest = rows
            body.append("<table>" + _row(head, "th") + "".join(_row(r, "td") for r in rest))
            body.append("</table>")
            rows.clear()
        if items:
            kind = items[0][0]
            body.append(f"<{kind}>" + "".join(f"<li>{text}</li>" for _, text in items))
            body.append(f"</{kind}>")
            items.clear()

    for line in [*markdown.splitlines(), ""]:
        if line.startswith("|"):
            if not re.fullmatch(r"[|\-\s]+", line):
                rows.append([_inline(c.strip(), plots) for c in line.strip("|").split("|")])
            continue
        listed = re.match(r"(-|\d+\.) (.*)", line)
        if listed:
            kind = "ul" if listed[1] == "-" else "ol"
            items.append((kind, _inline(listed[2], plots)))
            continue
        close()
        heading = re.match(r"(#+) (.*)", line)
        if heading:
            level = len(heading[1])
            body.append(f"<h{level}>{_inline(heading[2], plots)}</h{level}>")
        elif line.strip():
            picture = line.startswith("![")
            text = _inline(line, plots)
            body.append(text if picture else f"<p>{text}</p>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Evaluation of DeepPrivacy Cam</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(body) + "\n</body></html>\n"
    )  # fmt: skip


def _row(cells: list[str], kind: str) -> str:
    return "<tr>" + "".join(f"<{kind}>{cell}</{kind}>" for cell in cells) + "</tr>\n"


def _inline(text: str, plots: Mapping[str, str]) -> str:
    def picture(found: re.Match[str]) -> str:
        name = found[2].removeprefix("plots/")
        if name in plots:
            return f"<figure>{plots[name]}</figure>"
        return f'<img src="{found[2]}" alt="{found[1]}">'

    out = escape(text, quote=False)
    out = re.sub(r"!\[([^\]]*)\]\(([^)]+)\)", picture, out)
    out = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", out)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", out)
