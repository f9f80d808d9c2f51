"""How the page of a report looks, in light and in dark."""

STYLE = """
:root{color-scheme:light dark;--back:#f7f8fb;--card:#fff;--ink:#1a1f2e;--muted:#5b6478;
--line:#dfe3ec;--grid:#e8ebf2;--accent:#2f6fd0;--good:#0b8a62;--fair:#a86a00;--bad:#c2431f}
@media (prefers-color-scheme:dark){:root{--back:#10131c;--card:#191e2b;--ink:#eef1f8;
--muted:#a3adc2;--line:#2c3345;--grid:#252b3b;--accent:#6ea8ff;--good:#56cca0;--fair:#f0b23c;
--bad:#ff8a63}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1000px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:28px;margin:0 0 4px}h2{font-size:19px;margin:0 0 8px}
header p,section>p{color:var(--muted);margin:0 0 12px;overflow-wrap:anywhere}
section{margin-top:34px}small{color:var(--muted);font-size:12.5px}
ul{list-style:none;margin:0;padding:0}
.chips{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 18px}
.chips li{border:1px solid var(--line);border-radius:99px;padding:1px 11px;font-size:13px;
color:var(--muted)}
video{width:100%;height:auto;border-radius:10px;background:#000;image-rendering:pixelated}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;
margin-top:16px}
.tiles li,article,.chart,table,pre{background:var(--card);border:1px solid var(--line);
border-radius:10px}
.tiles li{padding:10px 14px}.tiles b{display:block;font-size:21px;line-height:1.25}
.tiles span{color:var(--muted);font-size:13px}
.pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:14px}
article{padding:12px 14px}article p{margin:8px 0}
.pictures{display:grid;grid-template-columns:repeat(3,1fr);gap:8px}
figure{margin:0}img{width:100%;display:block;border-radius:5px;image-rendering:pixelated}
figcaption{font-size:12px;color:var(--muted)}
.recall b{font-size:22px;margin-right:4px}
.recall.remembered{color:var(--good)}.recall.vaguely{color:var(--fair)}
.recall.forgotten{color:var(--bad)}.recall.not{color:var(--muted)}
.bar{height:7px;border-radius:4px;background:var(--grid);overflow:hidden}.bar i{display:block;
height:100%}
i.remembered{background:var(--good)}i.vaguely{background:var(--fair)}
i.forgotten{background:var(--bad)}
.chart{padding:14px 16px}svg{width:100%;height:auto;display:block}
svg text{fill:var(--muted);font-size:12px}
.grid{stroke:var(--grid)}.level{stroke:var(--muted);stroke-dasharray:4 4}
.mark{stroke:var(--card);stroke-width:2}.mark.remembered{fill:var(--good)}
.mark.vaguely{fill:var(--fair)}.mark.forgotten{fill:var(--bad)}
rect.column{fill:var(--accent)}
.legend{display:flex;flex-wrap:wrap;gap:14px;font-size:13px;color:var(--muted);margin-bottom:6px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px}
table{width:100%;border-collapse:separate;border-spacing:0;font-size:13.5px;table-layout:fixed}
th{width:190px;text-align:left;font-weight:500;color:var(--muted);vertical-align:top}
th,td{padding:5px 14px;border-bottom:1px solid var(--grid);overflow-wrap:anywhere}
tr:last-child>*{border-bottom:0}
pre{padding:12px 14px;overflow-x:auto}code{font-family:ui-monospace,Menlo,Consolas,monospace}
@media print{section{break-inside:avoid}}
"""
