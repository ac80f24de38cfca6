// The chart in README: how we stand against rivals, drawn from a whole run's JSON. One file for light and dark.
import { figure, time } from "./table.mjs";

const ours = /^edge-guard/;
const width = 880;
const labelWidth = 276;
const rowHeight = 20;
const gap = 26;

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Panels: bars by contender, in one runtime, shortest first. */
function panels({ rows }) {
  const of = (question, group, runtime) =>
    rows.filter(
      (row) => row.question === question && row.group === group && row.runtime === runtime && row.value !== undefined,
    );
  const contenders = (list, wanted) =>
    list
      .filter(({ what }) => (wanted === undefined ? !what.includes(" / ") : wanted.includes(what)))
      .sort((a, b) => a.value - b.value);
  const bytes = [
    "edge-guard, loadGuard alone",
    "edge-guard, the root with everything",
    "waPC",
    "Extism 1.0.3",
    "Extism 2.0.0-rc13",
    "OPA",
    "jco, one function that takes text",
  ];
  return [
    {
      title: "A call with 1 KB of JSON, in and out (Node; 1 = a host written by hand)",
      bars: contenders(of("call", "1 KB of JSON, echoed", "node")).map((row) => ({ row, text: `${figure(row)}x` })),
    },
    {
      title: "95 questions of 20 ms to an asynchronous backend (Deno)",
      bars: contenders(of("suspension", "95 questions of 20 ms", "deno")).map((row) => ({
        row: { ...row, value: row.milliseconds },
        text: time(row.milliseconds),
      })),
    },
    {
      title: "A new instance of a compiled module (Node; 1 = by hand)",
      bars: contenders(of("instantiate", "an instance of a compiled module", "node")).map((row) => ({
        row,
        text: `${figure(row)}x`,
      })),
    },
    {
      title: "Bytes in a page, minified and gzipped",
      bars: contenders(of("sizes", "bytes in a page, minified and gzipped", "node"), bytes).map((row) => ({
        row,
        text: figure(row),
      })),
    },
  ].filter(({ bars }) => bars.length > 0);
}

function draw({ title, bars }, top) {
  const largest = Math.max(...bars.map(({ row }) => row.value));
  const room = width - labelWidth - 90;
  const lines = bars.map(({ row, text }, index) => {
    const y = top + 26 + index * rowHeight;
    const length = Math.max(2, (row.value / largest) * room);
    const kind = ours.test(row.what) ? "ours" : "other";
    return [
      `<text class="label" x="${labelWidth - 8}" y="${y + 11}" text-anchor="end">${escaped(row.what)}</text>`,
      `<rect class="${kind}" x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${rowHeight - 6}" rx="2"/>`,
      `<text class="value" x="${(labelWidth + length + 6).toFixed(1)}" y="${y + 11}">${escaped(text)}</text>`,
    ].join("\n");
  });
  return `<g><text class="title" x="0" y="${top + 12}">${escaped(title)}</text>\n${lines.join("\n")}</g>`;
}

/** An SVG document out of the report of a whole run. */
export function chartOf(report) {
  const drawn = [];
  let top = 4;
  for (const panel of panels(report)) {
    drawn.push(draw(panel, top));
    top += 26 + panel.bars.length * rowHeight + gap;
  }
  const said = panels(report)
    .map(({ title, bars }) => `${title}: ${bars.map(({ row, text }) => `${row.what} ${text}`).join(", ")}.`)
    .join(" ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img" aria-labelledby="name said">
<title id="name">edge-guard beside what one would take instead; shorter is better</title>
<desc id="said">${escaped(said)}</desc>
<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #3d444d }
.title { font-weight: 600; fill: #1f2328 }
.other { fill: #9aa4b0 }
.ours { fill: #1a7f5a }
@media (prefers-color-scheme: dark) {
text { fill: #c3ccd6 }
.title { fill: #f0f6fc }
.other { fill: #6b7683 }
.ours { fill: #3fb68b }
}
</style>
${drawn.join("\n")}
<text x="0" y="${top - 4}">${escaped(`Shorter is better. Ratios of one run on ${report.machine}; npm run bench measures yours.`)}</text>
</svg>
`;
}
