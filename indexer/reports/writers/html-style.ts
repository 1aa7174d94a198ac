/** The style of a report in HTML: on the screen in light and dark, on paper always light. Fonts are those of the system. */
export const HTML_STYLE = `
:root{color-scheme:light;--ink:#171c24;--muted:#5b6673;--rule:#dde1e6;--tint:#f4f6f8;--bar:#1c4f7d;--rest:#b0bac4;--good:#177a4f;--good-tint:#ecf6f0;--bad:#a8400a;--bad-tint:#fdf2ea;--paper:#fff}
*{box-sizing:border-box}
html{font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans",sans-serif;color:var(--ink);background:var(--paper)}
body{max-width:72rem;margin:0 auto;padding:2.5rem 1.5rem}
header .organisation{display:flex;align-items:center;gap:1rem;font-weight:600;margin:0 0 2rem}
header img{max-height:3.2rem;max-width:12rem}
h1{font-size:2.2rem;line-height:1.2;margin:0 0 .4rem;letter-spacing:-.01em}
h2{font-size:1.4rem;line-height:1.3;margin:3rem 0 .8rem}
h3,.front h2{font-size:1.05rem;margin:2rem 0 .3rem}
p{margin:.4rem 0 .8rem;max-width:46rem}
.about{font-size:1.1rem;color:var(--muted);margin-bottom:1.6rem}
.note,footer{color:var(--muted);font-size:.9rem}
.verdict{border-left:.35rem solid var(--good);background:var(--good-tint);padding:1rem 1.3rem;margin:0 0 1.8rem}
.verdict.incomplete{border-color:var(--bad);background:var(--bad-tint)}
.verdict p{font-size:1.25rem;font-weight:600;margin:0;color:var(--good)}
.verdict.incomplete p{color:var(--bad)}
.verdict ul{margin:.6rem 0 0;padding-left:1.2rem}
dl{display:grid;grid-template-columns:minmax(7rem,11rem) 1fr;gap:.25rem 1rem;margin:0 0 1.5rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
pre{font:.87rem/1.5 ui-monospace,"Cascadia Mono",Menlo,"Noto Sans Mono",monospace;background:var(--tint);padding:.8rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0 1.2rem}
figure{margin:1rem 0}
svg{display:block;width:100%;height:auto;font-size:7.5px}
svg text{fill:var(--muted)}svg .value{fill:var(--ink)}
svg .bar{fill:var(--bar)}svg .rest{fill:var(--rest)}svg .grid{fill:var(--rule)}svg .axis{fill:var(--muted)}
.scroll{overflow-x:auto}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);font-size:.85rem;padding-bottom:.3rem}
th{text-align:left;color:var(--muted);font-weight:600;border-bottom:1.5px solid var(--muted);padding:.35rem .9rem .35rem 0;vertical-align:bottom}
td{border-bottom:1px solid var(--rule);padding:.35rem .9rem .35rem 0;vertical-align:top;overflow-wrap:anywhere;unicode-bidi:plaintext}
th:last-child,td:last-child{padding-right:0}
.figure{text-align:right;overflow-wrap:normal;white-space:nowrap}
.time{white-space:nowrap}
.id{font-family:ui-monospace,"Cascadia Mono",Menlo,"Noto Sans Mono",monospace;font-size:.85em}
.events{font-size:.82rem}
bdi{unicode-bidi:isolate}
footer{border-top:1px solid var(--rule);margin-top:3rem;padding-top:1rem}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--ink:#e6eaef;--muted:#9aa6b3;--rule:#2d3640;--tint:#1a2129;--bar:#6fb1e8;--rest:#566370;--good:#6fd3a1;--good-tint:#12271d;--bad:#f3a06a;--bad-tint:#2d1c10;--paper:#10151a}}
@page{size:auto;margin:18mm 16mm}
@page wide{size:landscape}
@media print{
html{font-size:9.5pt}
body{max-width:none;padding:0}
.scroll{overflow:visible}
thead{display:table-header-group}
tr,figure,.verdict{break-inside:avoid}
h1,h2,h3,caption{break-after:avoid}
.part{break-before:page}
.wide{page:wide}
.events{font-size:7pt}
*{print-color-adjust:exact}
}
`
