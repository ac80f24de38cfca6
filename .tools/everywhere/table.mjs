// The table runtime × suite, and what is behind it, as text.

export function tableOf({ cells, suites }, outcomes) {
  const cell = ({ passed, failed, gaps }) =>
    [
      passed > 0 || failed + gaps === 0 ? String(passed) : "",
      failed > 0 ? `${failed} FAILED` : "",
      gaps > 0 ? `${gaps} gaps` : "",
    ]
      .filter(Boolean)
      .join(", ");
  const rows = Object.entries(cells).map(([name, bySuite]) => [
    outcomes[name].title,
    ...suites.map((suite) => (outcomes[name].suites?.includes(suite) === false ? "" : cell(bySuite[suite]))),
    `${outcomes[name].seconds.toFixed(0)} s`,
  ]);
  const lines = [["", ...suites, "time"], ...rows];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** One line per reason: how many tests of which suites, in which runtimes. */
export function gapsOf({ gaps }, outcomes) {
  const byReason = new Map();
  for (const { runtime, suite, reason } of gaps) {
    const entry = byReason.get(reason) ?? new Map();
    const where = entry.get(runtime) ?? new Map();
    where.set(suite, (where.get(suite) ?? 0) + 1);
    byReason.set(reason, entry.set(runtime, where));
  }
  return [...byReason]
    .map(([reason, entry]) => {
      const where = [...entry].map(
        ([runtime, counts]) =>
          `${outcomes[runtime].title} (${[...counts].map(([suite, count]) => `${suite} ${count}`).join(", ")})`,
      );
      return `- ${reason}\n    ${where.join("; ")}`;
    })
    .join("\n");
}

/** The first forty: what fails for one reason fails often. */
export function failuresOf({ failures }, outcomes) {
  const cut = (text) => (text.length > 1000 ? `${text.slice(0, 1000)} …` : text);
  const lines = failures.slice(0, 40).map(({ runtime, test, why }) => {
    const what = `FAILED ${outcomes[runtime]?.title ?? runtime}, ${test}`;
    return `${what}\n    ${cut(why).replaceAll("\n", "\n    ")}`;
  });
  if (failures.length > 40) lines.push(`and ${failures.length - 40} more`);
  return lines.join("\n");
}
