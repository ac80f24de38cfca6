// Holds what ran against what is known: every test that runs anywhere passes everywhere, or is a gap with a reason.

const toPattern = (glob) =>
  new RegExp(
    `^${glob
      .split("*")
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*")}$`,
    "su",
  );

/** Names twice in a suite are told apart by number. */
function byKey(tests) {
  const seen = new Map();
  for (const test of tests) {
    let key = `${test.suite}: ${test.name}`;
    for (let number = 2; seen.has(key); number++) key = `${test.suite}: ${test.name} (${number})`;
    seen.set(key, test);
  }
  return seen;
}

/**
 * `outcomes` by runtime (those with `suites` are held against these alone), `gaps` as in test/run/gaps.json; `whole` says that every runtime and every test was asked for.
 * Gives `{ cells: { [runtime]: { [suite]: { passed, failed, gaps } } }, suites, gaps: [{ runtime, suite, test, reason }], failures, passed, failed }`.
 */
export function judge(outcomes, gaps, whole) {
  const rules = gaps.map(({ runtimes, tests, except = [], reason }) => ({
    runtimes,
    tests,
    reason,
    used: new Set(),
    fits: (key) => toPattern(tests).test(key) && !except.some((glob) => toPattern(glob).test(key)),
  }));
  const results = Object.fromEntries(Object.entries(outcomes).map(([name, { tests }]) => [name, byKey(tests)]));
  const all = new Map();
  for (const [name, found] of Object.entries(results)) {
    for (const [key, { suite }] of found) if (!all.has(key)) all.set(key, { suite, seenIn: name });
  }
  const suites = [...new Set([...all.values()].map(({ suite }) => suite))];
  const cells = {};
  const failures = [];
  const open = [];
  let passed = 0;
  for (const [name, outcome] of Object.entries(outcomes)) {
    cells[name] = Object.fromEntries(suites.map((suite) => [suite, { passed: 0, failed: 0, gaps: 0 }]));
    const fail = (test, why) => failures.push({ runtime: name, test, why });
    if (outcome.fault !== undefined) fail("the run", outcome.fault);
    let notReached = 0;
    for (const [key, { suite, seenIn }] of all) {
      if (outcome.suites !== undefined && !outcome.suites.includes(suite)) continue;
      const cell = cells[name][suite];
      const result = results[name].get(key);
      const rule = rules.find((one) => one.runtimes.includes(name) && one.fits(key));
      rule?.used.add(name);
      const good = result !== undefined && result.failure === undefined;
      if (good && rule === undefined) {
        passed++;
        cell.passed++;
      } else if (good) {
        cell.failed++;
        fail(key, `it passes, though test/run/gaps.json says that it cannot: "${rule.reason}"; take the gap out`);
      } else if (rule !== undefined) {
        cell.gaps++;
        open.push({ runtime: name, suite, test: key, reason: rule.reason });
      } else {
        cell.failed++;
        if (result === undefined && outcome.fault !== undefined) notReached++;
        else fail(key, result?.failure ?? `it did not run here, though it does in ${outcomes[seenIn].title}`);
      }
    }
    if (notReached > 0) fail("the run", `${notReached} tests were not reached`);
  }
  if (whole) {
    for (const { runtimes, used, tests } of rules) {
      for (const name of runtimes) {
        if (!used.has(name))
          failures.push({
            runtime: name,
            test: tests,
            why: "test/run/gaps.json has a gap that fits no test; take it out",
          });
      }
    }
  }
  return {
    cells,
    suites,
    gaps: open,
    failures,
    passed,
    failed: failures.length,
  };
}
