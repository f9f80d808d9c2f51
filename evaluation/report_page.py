"""A report as one HTML page that needs nothing else: no script, no font, no file beside it."""

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from evaluation.report_charts import Bar, Line, bars, lines

STYLE = """
:root{color-scheme:light dark;--back:#f6f7fa;--card:#fff;--ink:#171c28;--soft:#596277;
--rule:#dde2ec;--bar:#2c6fd1;--cited:#a9b2c4;--good:#0a7f59;--bad:#b93a17;
--line-0:#2c6fd1;--line-1:#c2571a;--line-2:#0a7f59;--line-3:#8646c4;--line-4:#7a6a00}
@media (prefers-color-scheme:dark){:root{--back:#0f121a;--card:#181d29;--ink:#edf0f7;
--soft:#a2acc0;--rule:#2b3244;--bar:#6ea6ff;--cited:#59637a;--good:#55c99e;--bad:#ff8b66;
--line-0:#6ea6ff;--line-1:#f4a261;--line-2:#55c99e;--line-3:#c79bff;--line-4:#e0cd5a}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1020px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:27px;margin:0 0 4px}h2{font-size:19px;margin:38px 0 8px}
h3{font-size:15px;margin:16px 0 6px}p{color:var(--soft);margin:0 0 12px}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px;
overflow-x:auto;margin-bottom:14px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13.5px}
th,td{text-align:right;padding:6px 9px;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:170px}
th{color:var(--soft);font-weight:500}tr:last-child>*{border-bottom:0}
tr.cited{color:var(--soft);font-style:italic}small{color:var(--soft);display:block}
.better{color:var(--good)}.worse{color:var(--bad)}.noise{color:var(--soft)}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font-size:12px}
.bar{fill:var(--bar)}.bar.cited{fill:var(--cited)}.whisker{stroke:var(--ink);fill:none}
.grid{stroke:var(--rule)}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:12px}
figure{margin:0}img{width:100%;border-radius:6px;display:block;image-rendering:pixelated}
figcaption{font-size:12.5px;color:var(--soft);overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 16px;margin:0;font-size:13.5px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
"""
MODES = {"history": "history context", "truth": "ground truth"}
COLUMNS = {  # of the table: score -> heading, digits
    "psnr_db": ("PSNR", 2),
    "ssim": ("SSIM", 2),
    "lpips": ("LPIPS", 2),
    "pose_psnr_db": ("at equal pose", 2),
    "pose_ssim": ("SSIM there", 3),
    "recall_percent": ("recall %", 1),
    "drift_db": ("drift dB", 2),
    "compression": ("compression", 1),
    "motion_ratio": ("motion", 2),
}


def page(data: dict) -> str:
    """Return the page of `report_data`."""
    return "".join(_parts(data))


def _parts(data: dict) -> Iterator[str]:
    yield (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>What worlds remember</title><style>{STYLE}</style></head><body><main>"
        "<h1>What worlds remember</h1>"
        f"<p>{escape(_headline(data))}</p>"
    )
    for mode, title in MODES.items():
        rows = [row for row in data["rows"] if row["row"].get("mode") == mode]
        if rows:
            cited = [one for one in data["cited"]["mag_bench"] if one["mode"] == mode]
            yield f"<h2>Return, {title}</h2>{_mode(rows, cited, data['cited']['source'])}"
    yield from _curves(data["rows"])
    yield from _compression(data)
    yield from _videos(data["rows"])
    yield "<h2>Best and worst</h2><p>Left what is true, right what was predicted: of each clip " \
        "the frame that is least like its match.</p>"  # fmt: skip
    for row in data["rows"]:
        yield _pictures(row)
    yield f"<h2>How it was made</h2>{_made(data)}</main></body></html>\n"


def _headline(data: dict) -> str:
    clips = sum(row["clips"] for row in data["rows"])
    refused = sum(row["refused"] for row in data["rows"])
    said = f"{clips} clips in {len(data['rows'])} rows"
    if refused:
        said += f"; {refused} refused, because the picture does not move as commanded"
    return f"{said}. Intervals are 95%, by bootstrap over clips."


def _mode(rows: Sequence[dict], cited: Sequence[dict], source: str) -> str:
    paper = ("psnr_db", "ssim", "lpips")  # its columns are there even where ours are empty
    names = [
        name for name in COLUMNS if name in paper or any(row["scores"].get(name) for row in rows)
    ]
    head = "".join(f"<th>{COLUMNS[name][0]}</th>" for name in names)
    body = "".join(_table_row(row, names) for row in rows)
    body += "".join(_cited_row(row, names, source) for row in cited)
    values = [_bar(row) for row in rows if row["scores"].get("psnr_db")]
    values += [Bar(one["method"], one["psnr_db"], None, None, cited=True) for one in cited]
    notes = "".join(f"<p>{escape(note)}</p>" for note in _notes(rows))
    return (
        f'<div class="card"><table><tr><th></th>{head}<th>clips</th></tr>{body}</table></div>'
        f'{notes}<div class="card">{bars(values, "dB")}</div>'
    )


def _notes(rows: Sequence[dict]) -> list[str]:
    notes = [
        "Cited rows are the paper's own, of a full-size world on the 176 clips of MAG-Bench: to be "
        "read beside ours, not against them, unless the clips are the same."
    ]
    distances = {name for row in rows for name in row["distances"]}
    if not any("LPIPS" in name for name in distances):
        notes.append(
            f"LPIPS is not measured: its weights were not given. {', '.join(sorted(distances))} "
            "found the matches."
        )
    return notes


def _table_row(row: dict, names: Sequence[str]) -> str:
    cells = "".join(f"<td>{_cell(row, name)}</td>" for name in names)
    counted = row["clips"] - row["refused"]
    return (
        f"<tr><td>{escape(row['label'])}<small>{escape(row['bench'])}</small></td>{cells}"
        f"<td>{counted}/{row['clips']}</td></tr>"
    )


def _cell(row: dict, name: str) -> str:
    score, digits = row["scores"].get(name), COLUMNS[name][1]
    if not score:
        return "-"
    said = f"{score['mean']:.{digits}f}"
    said += f"<small>{score['low']:.{digits}f} to {score['high']:.{digits}f}</small>"
    apart = (row["against"] or {}).get(name)
    if apart:
        word = "noise" if apart["verdict"] == "noise" else f"{apart['mean']:+.{digits}f}"
        told = f"to {row['against']['label']}, {apart['clips']} equal clips"
        said += f'<small class="{apart["verdict"]}" title="{escape(told)}">{word}</small>'
    return said


def _cited_row(row: dict, names: Sequence[str], source: str) -> str:
    cells = "".join(
        f"<td>{row[name]:.{COLUMNS[name][1]}f}</td>" if name in row else "<td></td>"
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
            _short(f"{row['label']} ({row['row'].get('mode')})", 24),
            tuple(((p["from_s"] + p["to_s"]) / 2, p["recall_percent"]) for p in row["curve"]),
        )
        for row in known
    ]
    chart = lines(drawn, "seconds away", "recall, percent", 100.0)
    yield f'<h2>Recall against time away</h2><div class="card">{chart}</div><div class="card"><dl>'
    for row in known:
        life = row["half_life_s"]
        said = f"half-life {life:.1f} s" if life else "does not fall to one half in these clips"
        yield f"<dt>{escape(row['label'])}, {escape(str(row['row'].get('mode')))}</dt>"
        yield f"<dd>{said}</dd>"
    yield "</dl></div>"


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
        Bar(f"memory model, {one['ratio']} frames a block", one["psnr_db"], None, None, cited=True)
        for one in data["cited"]["compression"]
    ]
    yield "<h2>Reconstruction by compression</h2><p>Ours: the way back at equal pose when memory " \
        "was fed the truth, by how much smaller memory is than all frames kept whole. Cited: a " \
        "block rebuilt from its own kept frame, which is easier.</p>"  # fmt: skip
    yield f'<div class="card">{bars(values, "dB")}</div>'


def _videos(rows: Sequence[dict]) -> Iterator[str]:
    own = [row for row in rows if row["row"].get("mode") is None]
    for row in own:
        cells = "".join(
            f"<dt>{escape(name)}</dt><dd>{score['mean']:.4f} "
            f"({score['low']:.4f} to {score['high']:.4f})</dd>"
            for name, score in row["scores"].items()
            if score
        )
        yield f'<h2>{escape(row["bench"])}: {escape(row["label"])}</h2><div class="card"><dl>'
        yield f"{cells}</dl></div>"


def _pictures(row: dict) -> str:
    figures = "".join(
        f'<figure><img alt="" src="{_data_address(Path(one["path"]))}"><figcaption>{word}: '
        f"{escape(one['clip'])}, {one['psnr_db']:.1f} dB</figcaption></figure>"
        for word in ("best", "worst")
        for one in row["pictures"][word]
    )
    if not figures:
        return ""
    mode = MODES.get(str(row["row"].get("mode")), "")
    title = f"{row['label']}, {mode}" if mode else row["label"]
    return f'<h3>{escape(title)}</h3><div class="pairs">{figures}</div>'


def _made(data: dict) -> str:
    facts = {"report": data["made"]}
    for part in data["folders"]:
        facts[part["folder"]] = part["settings"]
        for number, run in enumerate(part["runs"], 1):
            facts[f"{part['folder']}, run {number}"] = run
    rows = "".join(
        f"<dt>{escape(f'{name}: {key}')}</dt><dd>{escape(str(value))}</dd>"
        for name, values in facts.items()
        for key, value in values.items()
    )
    return f'<div class="card"><dl>{rows}</dl></div>'


def _data_address(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
