// What labelling and filtering a result costs, against JSON.parse of the same result; bar: at most 0.5 at 10 000 items, linear to 100 000.
import { checkItems } from "../../src/difc/check-items.ts";
import { removeItems } from "../../src/difc/filter.ts";
import type { Labels, PathResponseLabels } from "../../src/difc/labels.ts";
import { resolveItems } from "../../src/difc/response-items.ts";
import { unwrapResult } from "../../src/difc/tool-result.ts";

const AGENT = { secrecy: ["private:acme", "private:acme/site"], integrity: ["none", "unapproved", "approved"] };
const EVERYTHING = { secrecy: ["*"], integrity: [] };
const RESOURCE = { secrecy: [], integrity: [], description: "issues of acme/site" };
const LEVELS = [[], ["none"], ["none", "unapproved"], ["none", "unapproved", "approved"]];

/** An issue as the MCP server gives it, about 600 bytes: the smaller the item, the harder the bar. */
function issue(number: number): unknown {
  return {
    number,
    title: `The build of target ${number} fails on a fresh clone`,
    body: `Steps:\n1. clone\n2. run the build\n\nExpected: it passes. Got: error ${number * 7919} in the linker.\n`.repeat(
      2,
    ),
    state: number % 3 === 0 ? "closed" : "open",
    user: { login: `user-${number % 97}`, id: 1000 + (number % 97), type: "User" },
    labels: [{ name: "bug" }, { name: `area/${number % 13}` }],
    comments: number % 11,
    created_at: "2026-01-02T03:04:05Z",
    updated_at: "2026-02-03T04:05:06Z",
    author_association: number % 2 === 0 ? "MEMBER" : "NONE",
    html_url: `https://github.com/acme/site/issues/${number}`,
  };
}

function labelsFor(count: number, varied: boolean): PathResponseLabels {
  const labeledPaths = Array.from({ length: count }, (_, index) => ({
    path: `/items/${index}`,
    labels: {
      description: `issue:acme/site#${index}`,
      secrecy: varied ? [`private:acme/${index}`] : index % 5 === 0 ? ["private:acme", "private:acme/vault"] : [],
      integrity: LEVELS[index % 4]!,
    },
  }));
  // Through JSON, as a guard's answer comes: no two items share an array.
  return { itemsPath: "/items", labeledPaths: JSON.parse(JSON.stringify(labeledPaths)) };
}

/** The median of several runs, in milliseconds. */
function time(run: () => unknown): number {
  const times: number[] = [];
  const deadline = performance.now() + 1500;
  for (let turn = 0; turn < 5 || (performance.now() < deadline && turn < 60); turn++) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

function filter(result: unknown, labels: PathResponseLabels, agent: Labels = AGENT): unknown {
  const unwrapped = unwrapResult(result);
  const items = resolveItems(unwrapped.value, labels, RESOURCE);
  const removed = checkItems("filter", agent, items.items);
  return removeItems(unwrapped, items, new Set(removed.map(({ index }) => index)));
}

for (const varied of [false, true]) {
  for (const count of [1_000, 10_000, 100_000]) {
    const text = JSON.stringify({
      total_count: count,
      items: Array.from({ length: count }, (_, index) => issue(index)),
    });
    const labels = labelsFor(count, varied);
    const result: unknown = JSON.parse(text);
    const parse = time(() => JSON.parse(text));
    const bare = time(() => filter(result, labels));
    const wrapped = time(() => filter({ content: [{ type: "text", text }] }, labels));
    const kept = time(() => filter({ content: [{ type: "text", text }] }, labels, EVERYTHING));
    console.log(
      `${count} items${varied ? ", no two labels alike" : ""}: JSON.parse ${parse.toFixed(2)} ms; ` +
        `resolve, check, remove ${bare.toFixed(2)} ms, ratio ${(bare / parse).toFixed(3)}, ${((1e6 * bare) / count).toFixed(0)} ns per item; ` +
        `MCP text decoded and encoded again ${(wrapped / parse).toFixed(2)}, decoded and all kept ${(kept / parse).toFixed(2)}`,
    );
  }
}
