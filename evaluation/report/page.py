"""A report as one HTML page that needs nothing else: no script, no font, no file beside it."""

import base64
import io
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from mag_sandbox.evaluation.report import tables
from mag_sandbox.evaluation.report.charts import Bar, Line, bars, lines

QUALITY = 88  # of JPEG

STYLE = """
:root{color-scheme:light dark;--back:#f6f7fa;--card:#fff;--ink:#171c28;--soft:#596277;
--rule:#dde2ec;--bar:#2c6fd1;--cited:#a9b2c4;--good:#0a7f59;--bad:#b93a17;
--line-0:#2c6fd1;--line-1:#c2571a;--line-2:#0a7f59;--line-3:#8646c4;--line-4:#7a6a00}
@media (prefers-color-scheme:dark){:root{--back:#0f121a;--card:#181d29;--ink:#edf0f7;
--soft:#a2acc0;--rule:#2b3244;--bar:#6ea6ff;--cited:#59637a;--good:#55c99e;--bad:#ff8b66;
--line-0:#6ea6ff;--line-1:#f4a261;--line-2:#55c99e;--line-3:#c79bff;--line-4:#e0cd5a}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1320px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:27px;margin:0 0 4px}h2{font-size:19px;margin:38px 0 8px}
h3{font-size:15px;margin:16px 0 6px}p{color:var(--soft);margin:0 0 12px}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px;
overflow-x:auto;margin-bottom:14px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13.5px}
th,td{text-align:right;padding:6px;vertical-align:top;
border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:130px}
th{color:var(--soft);font-weight:500;white-space:normal;vertical-align:bottom}
tr:last-child>*{border-bottom:0}
tr.cited{color:var(--soft);font-style:italic}small{color:var(--soft);display:block}
.better{color:var(--good)}.worse{color:var(--bad)}.noise{color:var(--soft)}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:12px}
.bar{fill:var(--bar)}.bar.cited{fill:var(--cited)}.whisker{stroke:var(--ink);fill:none}
.grid{stroke:var(--rule)}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:12px}
figure{margin:0}img{width:100%;border-radius:6px;display:block;image-rendering:pixelated}
figcaption{font-size:12.5px;color:var(--soft);overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft)}details dl{margin-top:8px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 16px;margin:0;font-size:13.5px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
"""


def page(data: dict) -> str:
    """Return the page of `report_data`."""
    return "".join(_parts(data))


def _parts(data: dict) -> Iterator[str]:
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>What worlds remember</title><style>{STYLE}</style></head><body><main>"
        "<h1>What worlds remember</h1>"
        f"<p>{escape(tables.headline(data))}</p>"
    )
    for mode, title in tables.MODES.items():
        rows = tables.rows_of(data, mode)
        if rows:
            cited = [one for one in data["cited"]["mag_bench"] if one["mode"] == mode]
            yield f"<h2>Return: {title}</h2><p>{escape(tables.MEANS[mode])}</p>"
            yield _mode(rows, cited, data["cited"]["source"])
    if rested := tables.rest_rows(data):
        yield f"<h2>{escape(tables.REST.capitalize())}</h2><p>{escape(tables.REST_MEANS)}</p>"
        yield _card(rested, tables.rest_columns(rested))
    yield _meanings(data["rows"])
    yield from _curves(data["rows"])
    yield from _compression(data)
    yield from _imagination(data["rows"])
    yield from _videos(data)
    yield "<h2>Best and worst</h2><p>Left what is true (of invented clips: what the " \
        "way out showed), right what was made: of each clip the frame least alike.</p>"  # fmt: skip
    for row in data["rows"]:
        yield _pictures(row)
    yield f"<h2>How it was made</h2>{_made(data)}</main></body></html>\n"


def _mode(rows: Sequence[dict], cited: Sequence[dict], source: str) -> str:
    names = tables.column_names(rows)
    values = [_bar(row) for row in rows if row["scores"].get("psnr_db")]
    values += [Bar(one["method"], one["psnr_db"], None, None, cited=True) for one in cited]
    said = tables.notes(rows) if cited else tables.notes(rows)[1:]
    return (
        f"{_card(rows, names, ''.join(_cited_row(row, names, source) for row in cited))}"
        f"{''.join(f'<p>{escape(note)}</p>' for note in said)}"
        f'<div class="card">{bars(values, "dB")}</div>'
    )


def _card(rows: Sequence[dict], names: Sequence[str], more: str = "") -> str:
    head = "".join(
        f'<th title="{escape(tables.MEANINGS[name])}">{tables.COLUMNS[name][0]}</th>'
        for name in names
    )
    several = len({row["folder"] for row in rows}) > 1
    body = "".join(_table_row(row, names, row["folder"] if several else "") for row in rows)
    return (
        f'<div class="card"><table><tr><th></th>{head}<th>clips</th></tr>{body}{more}</table></div>'
    )


def _meanings(rows: Sequence[dict]) -> str:
    """Return what every column of the tables is, folded away."""
    shown = [row for row in rows if row["row"].get("mode") in tables.MODES]
    rested = tables.rest_columns(tables.rest_rows({"rows": rows}))
    if not shown and not rested:
        return ""
    told = "".join(
        f"<dt>{tables.COLUMNS[name][0]}</dt><dd>{escape(tables.MEANINGS[name])}</dd>"
        for name in dict.fromkeys((*tables.column_names(shown), *rested))
    )
    return (
        f'<details class="card"><summary>What the columns mean</summary><dl>{told}</dl></details>'
    )


def _table_row(row: dict, names: Sequence[str], folder: str) -> str:
    cells = "".join(f"<td>{_cell(row, name)}</td>" for name in names)
    counted = row["clips"] - row["refused"]
    bench = "" if row["bench"] == "pocket" else row["bench"]
    more = "".join(f"<small>{escape(one)}</small>" for one in (bench, folder) if one)
    return f"<tr><td>{escape(row['label'])}{more}</td>{cells}<td>{counted}/{row['clips']}</td></tr>"


def _cell(row: dict, name: str) -> str:
    one = tables.cell(row, name)
    said = escape(one.said)
    for more in (one.interval, one.note):
        if more:
            said += f"<small>{escape(more)}</small>"
    if one.verdict:
        said += f'<small class="{one.verdict}" title="{escape(one.told)}">{one.apart}</small>'
    return said


def _cited_row(row: dict, names: Sequence[str], source: str) -> str:
    cells = "".join(
        f"<td>{row[name]:.{tables.COLUMNS[name][1]}f}</td>" if name in row else "<td></td>"
        for name in names
    )
    return (
        f'<tr class="cited"><td>{escape(row["method"])}<small>cited, {source}</small></td>{cells}'
        "<td>176</td></tr>"
    )


def _bar(row: dict) -> Bar:
    score = row["scores"]["psnr_db"]
    return Bar(_short(row["label"]), score["mean"], score["low"], score["high"])


def _curves(rows: Sequence[dict]) -> Iterator[str]:
    known = [row for row in rows if len(row["curve"]) > 1]
    if not known:
        return
    drawn = [
        Line(
            _short(_line_name(row), 32),
            tuple((point["at_s"], point["recall_percent"]) for point in row["curve"]),
        )
        for row in known
    ]
    chart = lines(drawn, "seconds away", "recall, percent", 100.0)
    yield "<h2>Recall against time away</h2><p>Each point is the mean of the views that were " \
        "away for about so long. A half-life is where half of it is lost.</p>"  # fmt: skip
    yield f'<div class="card">{chart}</div>'


def _line_name(row: dict) -> str:
    of = row["row"]
    return ", ".join(filter(None, (of.get("memory", row["label"]), of.get("mode"), of.get("away"))))


def _compression(data: dict) -> Iterator[str]:
    rows = [row for row in data["rows"] if row["scores"].get("compression")]
    rows = [row for row in rows if row["row"].get("mode") == "truth"]
    rows = [row for row in rows if row["scores"].get("pose_psnr_db")]
    if not rows:
        return
    values = [
        Bar(
            _short(f"{row['label']}: {row['scores']['compression']['mean']:.1f} times"),
            *(row["scores"]["pose_psnr_db"][part] for part in ("mean", "low", "high")),
        )
        for row in sorted(rows, key=lambda row: row["scores"]["compression"]["mean"])
    ]
    values += [
        Bar(f"memory model, blocks of {one['ratio']}", one["psnr_db"], None, None, cited=True)
        for one in data["cited"]["compression"]
    ]
    yield "<h2>Reconstruction by compression</h2><p>Ours: the way back at equal pose when memory " \
        "was fed the truth, by how much smaller memory is than all frames kept whole. Cited: a " \
        "block rebuilt from its own kept frame, which is easier.</p>"  # fmt: skip
    yield f'<div class="card">{bars(values, "dB")}</div>'


def _imagination(rows: Sequence[dict]) -> Iterator[str]:
    distances = tables.frechet_lines(rows)
    if distances:
        lines_ = "".join(f"<dt>{escape(n)}</dt><dd>{escape(said)}</dd>" for n, said in distances)
        yield "<h2>Frechet distance of what is invented</h2><p>Between the classifier's features " \
            "of views beyond the first one; it falls with more views, so read it beside the " \
            "renderer's own.</p>"  # fmt: skip
        yield f'<div class="card"><dl>{lines_}</dl></div>'
    for row in rows:
        if row["objects"]:
            yield f"<h2>{escape(tables.object_title(row))}</h2>"
            yield (
                "<p>Sought in all views beyond the first one together. Chance is how often the "
                "classifier finds the same in the renderer's views of another scene.</p>"
            )
            yield _plain_table(tables.OBJECT_HEADING, tables.object_rows(row))
    for row in rows:
        if row["bench"] == "prompts":
            yield f"<h2>What captions ask for: {escape(row['label'])}</h2><p>Pictures invented " \
                "from a caption, read by the classifier.</p>"  # fmt: skip
            heading = ("named", "found", "found in the renderer's", "pictures")
            yield _plain_table(heading, tables.prompt_rows(row))


def _plain_table(heading: Sequence[str], lines_: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heading)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in line) + "</tr>" for line in lines_
    )
    return f'<div class="card"><table><tr>{head}</tr>{body}</table></div>'


def _videos(data: dict) -> Iterator[str]:
    own = [row for row in data["rows"] if row["bench"] == "vbench"]
    for row in own:
        cells = "".join(
            f"<dt>{escape(name)}</dt><dd>{score['mean']:.4f} "
            f"({score['low']:.4f} to {score['high']:.4f})</dd>"
            for name, score in row["scores"].items()
            if score
        )
        yield f'<h2>{escape(row["bench"])}: {escape(row["label"])}</h2><div class="card"><dl>'
        yield f"{cells}</dl></div>"
    if own:
        names = ("total", "quality", "semantic", "background", "subject")
        lines_ = "".join(
            f'<tr class="cited"><td>{escape(one["method"])}, {one["seconds"]} s<small>cited, '
            f"{data['cited']['source']}</small></td>"
            + "".join(f"<td>{'' if one[n] is None else one[n]}</td>" for n in names)
            + "</tr>"
            for one in data["cited"]["vbench"]
        )
        head = "".join(f"<th>{name}</th>" for name in names)
        yield f'<div class="card"><table><tr><th></th>{head}</tr>{lines_}</table></div>'


def _pictures(row: dict) -> str:
    figures = "".join(
        f'<figure><img alt="" src="{_data_address(Path(one["path"]))}"><figcaption>{word}: '
        f"{escape(one['clip'])}, {one['psnr_db']:.1f} dB</figcaption></figure>"
        for word in ("best", "worst")
        for one in row["pictures"][word]
    )
    if not figures:
        return ""
    mode = tables.MODES.get(str(row["row"].get("mode")), "")
    title = f"{row['label']}, {mode}" if mode else row["label"]
    return f'<h3>{escape(title)}</h3><div class="pairs">{figures}</div>'


def _made(data: dict) -> str:
    facts = {"this report": data["made"]}
    for part in data["folders"]:
        facts[f"{part['folder']}: settings"] = part["settings"]
        for number, run in enumerate(part["runs"], 1):
            facts[f"{part['folder']}: run {number}"] = run
    return "".join(
        f'<details class="card"><summary>{escape(_summary(name, values))}</summary>'
        f"<dl>{_facts(values)}</dl></details>"
        for name, values in facts.items()
    )


def _summary(name: str, values: dict) -> str:
    """Return what is read without opening: settings in full, of a run when and on what."""
    shown = [name for name in ("time", "commit", "processor", "cores", "accelerator", "seed")
             if name in values]  # fmt: skip
    return f"{name} | " + " | ".join(f"{one} {values[one]}" for one in shown)


def _facts(values: dict) -> str:
    return "".join(
        f"<dt>{escape(name)}</dt><dd>"
        + (f"<dl>{_facts(value)}</dl>" if isinstance(value, dict) else escape(str(value)))
        + "</dd>"
        for name, value in values.items()
    )


def _data_address(path: Path) -> str:
    """Return a picture as JPEG, good enough for eyes and a fifth of the bytes."""
    kept = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").save(kept, "JPEG", quality=QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(kept.getvalue()).decode()}"


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
