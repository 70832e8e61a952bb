export const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; color: #1d2430; background: #fff; margin: 0; }
main { max-width: 1160px; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid #d9dee6; padding-bottom: .3rem; }
h3 { font-size: .95rem; margin: .6rem 0 .2rem; font-weight: 600; }
p.note { color: #5a6472; margin: .2rem 0; font-size: .85rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(520px, 1fr)); gap: 1rem; }
.u-legend { font-size: .78rem; text-align: left; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .84rem; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #e6eaf0; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { background: #f4f6f9; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid #2a6fdb; }
th[aria-sort=ascending] button::after { content: ' \\25B2'; }
th[aria-sort=descending] button::after { content: ' \\25BC'; }
.interval { color: #7a8494; font-size: .76rem; }
.versions { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 1rem; }
.version { border: 1px solid #e0e5ec; border-radius: 6px; padding: .6rem; }
.version img { width: 100%; display: block; border-radius: 3px; }
.version audio { width: 100%; margin-top: .4rem; }
.compare { position: relative; display: inline-block; max-width: 100%; line-height: 0; }
.compare img { max-width: 100%; display: block; }
.compare img.over { position: absolute; inset: 0; }
.compare .line { position: absolute; top: 0; bottom: 0; width: 2px; background: #fff; box-shadow: 0 0 3px #000; }
.controls { display: flex; gap: .8rem; align-items: center; margin: .4rem 0; flex-wrap: wrap; font-size: .85rem; }
.controls input[type=range] { flex: 1; min-width: 220px; }
.bars { display: flex; gap: 3px; align-items: flex-end; height: 60px; }
.bars div { width: 14px; background: #2a6fdb; }
.error { color: #b3261e; }
`;
