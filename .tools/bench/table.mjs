// The bench's table for the terminal: a line per figure, a column per runtime; then the bars.

const units = {
  x: (value) => value.toFixed(value < 0.095 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0),
  ms: time,
  bytes: (value) =>
    value < 1024
      ? `${Math.round(value)} B`
      : value < 1024 ** 2
        ? `${(value / 1024).toFixed(1)} KB`
        : `${(value / 1024 ** 2).toFixed(1)} MB`,
};

export function time(milliseconds) {
  if (milliseconds < 0.001) return `${(milliseconds * 1e6).toFixed(0)} ns`;
  if (milliseconds < 1) return `${(milliseconds * 1000).toFixed(milliseconds < 0.1 ? 2 : 0)} us`;
  return milliseconds < 1000
    ? `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
    : `${(milliseconds / 1000).toFixed(2)} s`;
}

export const figure = (row) => units[row.unit](row.value);

function cell(row) {
  if (row === undefined) return "";
  if (row.failed !== undefined) return "-";
  // The reference: what it takes instead of 1.
  if (row.unit === "x" && row.value === 1 && row.low === 1 && row.milliseconds !== undefined)
    return `1 = ${time(row.milliseconds)}`;
  const spread = row.low === undefined ? "" : ` ±${units[row.unit]((row.high - row.low) / 2)}`;
  return `${row.held === false ? "! " : ""}${figure(row)}${spread}`;
}

export function barText({ atMost, atLeast, unit }) {
  const format = unit === "bytes" ? units.bytes : unit === "ms" ? time : String;
  return atMost === undefined ? `>= ${format(atLeast)}` : `<= ${format(atMost)}`;
}

/** Rows of one figure in every runtime, in the order in which they came. */
function figures(rows) {
  const found = new Map();
  for (const row of rows) {
    const key = JSON.stringify([row.question, row.group, row.what]);
    if (!found.has(key)) found.set(key, { ...row, cells: {} });
    found.get(key).cells[row.runtime] = row;
  }
  return [...found.values()];
}

export function tableOf(rows, runtimes, bars) {
  const all = figures(rows);
  const width = Math.max(...all.map(({ what }) => what.length)) + 2;
  const columns = runtimes.filter((name) => rows.some(({ runtime }) => runtime === name));
  const widths = columns.map((name) => Math.max(name.length, ...all.map(({ cells }) => cell(cells[name]).length)));
  const reasons = new Map();
  const out = [];
  let heading;
  for (const { question, group, what, cells } of all) {
    const title = group === "" ? question : `${question}: ${group}`;
    if (title !== heading) {
      heading = title;
      const names = columns.map((name, index) => name.padStart(widths[index])).join("  ");
      out.push("", `${title.padEnd(width + 2)}${title.length > width ? `\n${" ".repeat(width + 2)}` : ""}${names}`);
    }
    const judged = Object.values(cells).find(({ bar }) => bar !== undefined);
    const bar = judged === undefined ? "" : `  ${barText(bars[judged.bar])}`;
    const line = columns.map((name, index) => cell(cells[name]).padStart(widths[index])).join("  ");
    out.push(`  ${what.padEnd(width)}${line}${bar}`);
    for (const name of columns) {
      const { failed, note } = cells[name] ?? {};
      if (failed !== undefined) reasons.set(`${what}: ${failed}`, [...(reasons.get(`${what}: ${failed}`) ?? []), name]);
      else if (note !== undefined) out.push(`    ${name}: ${note}`);
    }
  }
  if (reasons.size > 0) {
    out.push("", "No figure (-):");
    for (const [reason, names] of reasons) out.push(`  ${names.join(", ")}: ${reason}`);
  }
  return out.join("\n");
}

/** Every bar with what was measured for it: `{ id, what, from, bar, held, cells: [{ runtime, what, text, held }] }`. */
export function barsOf(rows, bars) {
  return Object.entries(bars).map(([id, bar]) => {
    const measured = rows.filter((row) => row.bar === id && row.failed === undefined);
    return {
      id,
      what: bar.what,
      from: bar.from,
      bar: barText(bar),
      held: measured.length === 0 ? undefined : measured.every(({ held }) => held),
      cells: measured.map((row) => ({ runtime: row.runtime, what: row.what, text: figure(row), held: row.held })),
    };
  });
}

export function barTableOf(judged) {
  const lines = judged.flatMap(({ what, from, bar, held, cells }) => {
    const verdict = held === undefined ? "not measured" : held ? "held" : "NOT HELD";
    const byFigure = new Map();
    for (const item of cells) byFigure.set(item.what, [...(byFigure.get(item.what) ?? []), item]);
    const measured = [...byFigure].map(
      ([name, items]) =>
        `      ${name}: ${items.map(({ runtime, text, held: ok }) => `${runtime} ${text}${ok ? "" : " !"}`).join(", ")}`,
    );
    return [`  ${verdict.padEnd(12)} ${bar.padEnd(11)} ${what}${from === "own" ? " (ours)" : ""}`, ...measured];
  });
  const held = judged.filter((bar) => bar.held).length;
  return ["", `Bars: ${held} of ${judged.length} held`, ...lines].join("\n");
}
