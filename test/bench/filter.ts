// What labels cost once the guard has given them: finding the items, checking and removing them, and the whole of the monitor's part of
// a call, against JSON.parse of the same result.
import { createMonitor, type Guard, type ResponseLabels } from "edge-guard";
import { checkItems } from "../../src/difc/check-items.ts";
import { removeItems } from "../../src/difc/filter.ts";
import type { Labels, PathResponseLabels } from "../../src/difc/labels.ts";
import { resolveItems } from "../../src/difc/response-items.ts";
import { unwrapResult } from "../../src/difc/tool-result.ts";
import type { Bench, Group } from "./environment.ts";
import { issues } from "./material.ts";

const agent: Labels = { secrecy: ["private:acme", "private:acme/site"], integrity: ["none", "unapproved", "approved"] };
const resource = { secrecy: [], integrity: [], description: "issues of acme/site" };
const levels = [[], ["none"], ["none", "unapproved"], ["none", "unapproved", "approved"]];

/** A fifth is secret, three quarters are below the agent's integrity; or, varied: no two labels alike and nothing to be seen. */
export function labelsFor(count: number, varied: boolean): PathResponseLabels {
  const labeledPaths = Array.from({ length: count }, (_, index) => ({
    path: `/items/${index}`,
    labels: {
      description: `issue:acme/site#${index}`,
      secrecy: varied ? [`private:acme/${index}`] : index % 5 === 0 ? ["private:acme", "private:acme/vault"] : [],
      integrity: levels[index % 4]!,
    },
  }));
  // Through JSON, as a guard's answer comes: no two items share an array.
  return { itemsPath: "/items", labeledPaths: JSON.parse(JSON.stringify(labeledPaths)) };
}

export function filtered(result: unknown, labels: PathResponseLabels): unknown {
  const unwrapped = unwrapResult(result);
  const items = resolveItems(unwrapped.value, labels, resource);
  const removed = checkItems("filter", agent, items.items);
  return removeItems(unwrapped, items, new Set(removed.map(({ index }) => index)));
}

/** A guard that knows its answers: what is left is the monitor. */
function knowing(labels: ResponseLabels): Guard {
  return {
    name: "knowing",
    labelAgent: async () => ({ agent: { ...agent }, mode: "filter" }),
    labelResource: async () => ({ ...resource, operation: "read" }),
    labelResponse: async () => labels,
    close: async () => {},
  };
}

/** The monitor's part of one call with these labels and this result. */
export function monitored(labels: ResponseLabels, result: unknown): () => Promise<unknown> {
  const monitor = createMonitor({ servers: { github: { guard: knowing(labels) } } });
  const call = { server: "github", tool: "list_issues", args: { owner: "acme", repo: "site" } };
  return async () => {
    const outcome = await monitor.callTool(call, () => result);
    if (outcome.status !== "filtered") throw new Error(`the monitor said ${outcome.status}: ${outcome.error?.message}`);
    return outcome;
  };
}

function byCount(count: number, varied = false): Group {
  const text = JSON.stringify({ total_count: count, items: issues(count) });
  const labels = labelsFor(count, varied);
  const result: unknown = JSON.parse(text);
  const isBar = count === 10_000 && !varied;
  const bar = isBar ? ({ bar: "filter" } as const) : {};
  const reference = "JSON.parse of the result";
  // It answers with MCP text, so it encodes what is left.
  const whole = "edge-guard: the monitor's whole part of a call";
  return {
    what: `filtering ${count.toLocaleString("en")} items${varied ? ", no two labels alike, all withheld" : ""}`,
    reference,
    whole: count > 10_000,
    contenders: [
      { name: reference, start: () => () => JSON.parse(text) },
      {
        name: "JSON.stringify of what is left",
        start() {
          const left = filtered(result, labels);
          return () => JSON.stringify(left);
        },
      },
      { name: "edge-guard: find, check, remove", start: () => () => filtered(result, labels) },
      { name: whole, start: () => monitored(labels, result) },
      {
        name: "edge-guard: from MCP text to MCP text",
        start: () => monitored(labels, { content: [{ type: "text", text }] }),
      },
    ],
    comparisons: [
      { over: "edge-guard: find, check, remove", under: reference, ...bar },
      {
        what: "edge-guard: the monitor's own part of a call",
        over: whole,
        less: "JSON.stringify of what is left",
        under: reference,
        ...bar,
      },
    ],
  };
}

export const filter: Bench = {
  groups: () => [byCount(100), byCount(10_000), byCount(100_000), byCount(10_000, true)],
};
