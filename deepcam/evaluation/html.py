"""The report as one page for the browser, with the plots in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--paper:#fff;--line:#d0d7de;--head:#f3f5f7;
--bad:#a3162f;--good:#1a6b2f;--quiet:#6e7781}
@media(prefers-color-scheme:dark){:root{--ink:#e2e6ea;--paper:#14171a;--line:#3a4149;
--head:#21262c;--bad:#ff8795;--good:#7fd493;--quiet:#98a2ad}
figure svg{filter:invert(.92) hue-rotate(180deg)}}
body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;
color:var(--ink);background:var(--paper)}
table{border-collapse:collapse;margin:1rem 0;font-size:13px;display:block;overflow-x:auto}
td,th{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}
th{background:var(--head)}tr.rule td{border-top:2px solid var(--quiet)}
td:first-child,td:nth-child(2) strong{white-space:nowrap}
.missed{color:var(--bad)}.met{color:var(--good)}
.none{color:var(--quiet);font-weight:normal;font-style:italic}
img,svg{max-width:100%;height:auto;display:block}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1rem}
figure{margin:0}
"""


def page(markdown: str, plots: Mapping[str, str]) -> str:
    """HTML of the report's own Markdown (headings, tables, lists, pictures, bold, code)."""
    body: list[str] = []
    rows: list[list[str]] = []
    items: list[tuple[str, str]] = []
    drawn: list[str] = []

    def close() -> None:
        if rows:
            head, *rest = rows
            body.append("<table>" + _row(head, "th"))
            before = ""
            for cells in rest:
                group = cells[0][:1] if re.match(r"[A-Z]\d", cells[0]) else ""
                body.append(_row(cells, "td", bool(before) and group != before))
                before = group or before
            body.append("</table>")
            rows.clear()
        if drawn:
            body.append('<div class="plots">' + "\n".join(drawn) + "</div>")
            drawn.clear()
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
        if line.startswith("![") and _inline(line, plots).startswith("<figure>"):
            drawn.append(_inline(line, plots))
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


def _row(cells: list[str], kind: str, rule: bool = False) -> str:
    start = '<tr class="rule">' if rule else "<tr>"
    return start + "".join(f"<{kind}>{cell}</{kind}>" for cell in cells) + "</tr>\n"


def _inline(text: str, plots: Mapping[str, str]) -> str:
    def picture(found: re.Match[str]) -> str:
        name = found[2].removeprefix("plots/")
        if name in plots:
            return f"<figure>{plots[name]}</figure>"
        return f'<img src="{found[2]}" alt="{found[1]}">'

    out = escape(text, quote=False)
    out = re.sub(r"!\[([^\]]*)\]\(([^)]+)\)", picture, out)
    for state, kind in (("MISSED", "missed"), ("not measured", "none"), ("met", "met")):
        out = out.replace(f"**{state}**", f'<strong class="{kind}">{state}</strong>')
    out = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", out)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", out)
