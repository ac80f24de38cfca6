// What must hold of the analysis whatever the session: it explains every label, agrees with what really happens, and takes any text.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  changesFor,
  compareModes,
  compareReports,
  decodeShare,
  encodeShare,
  jsonFault,
  offsetOf,
  reach,
  readMaterial,
  recordExpectations,
  ShareError,
  toScenario,
  traceTags,
} from "../../../src/analysis/index.ts";
import { preview } from "../../../src/monitor/preview.ts";
import { parseScenario, type Scenario } from "../../../src/monitor/scenario.ts";
import { at } from "../../../src/policy/values.ts";
import { session } from "./sessions.ts";

const isIn = (tag: string, tags: readonly string[]): boolean => tags.includes(tag);

test("provenance: every tag of every step has a source, and no source comes later", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const report = await preview(scenario, { guards });
      const { steps, tags } = traceTags(report);
      assert.equal(steps.length, report.calls.length + 1);
      for (const { call, labels, gained, lost } of steps) {
        for (const kind of ["secrecy", "integrity"] as const) {
          for (const tag of labels[kind]) {
            const source = tags.find((found) => found.kind === kind && found.tag === tag)?.gained;
            assert.ok(source !== undefined && source.call <= call, `${kind} ${tag} after call ${call} has a source`);
          }
          for (const tag of lost[kind]) {
            assert.equal(kind, "integrity", "secrecy is never lost");
            const source = tags.find((found) => found.kind === kind && found.tag === tag)?.lost;
            assert.equal(source?.call, call, `${tag} is lost where it was last there`);
          }
          for (const tag of gained[kind]) assert.ok(isIn(tag, labels[kind]));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("provenance: the items that brought a tag were shown and have it, those that took one were shown and lack it", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const report = await preview(scenario, { guards });
      for (const { kind, tag, gained, lost } of traceTags(report).tags) {
        if (gained?.by === "response") {
          const call = report.calls[gained.call]!;
          for (const { index } of gained.items) {
            assert.ok(call.items[index]?.visible && isIn(tag, call.items[index].secrecy), "The item has the tag");
          }
          const isWhole = gained.count === 0;
          if (isWhole) assert.ok(isIn(tag, call.outcome.trace[1]?.resource?.secrecy ?? []), "The resource has the tag");
        }
        if (lost === undefined) continue;
        assert.equal(kind, "integrity");
        const call = report.calls[lost.call]!;
        for (const { index } of lost.items) {
          assert.ok(call.items[index]?.visible && !isIn(tag, call.items[index].integrity), "The item lacks the tag");
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("provenance: a denied call is a consequence of tags that the agent holds or lacks", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const report = await preview(scenario, { guards });
      const { tags } = traceTags(report);
      for (const { index, outcome } of report.calls) {
        if (outcome.status !== "denied" || outcome.violation?.phase !== 2) continue;
        const found = tags.filter(({ consequences }) => consequences.some(({ call }) => call === index));
        for (const tag of outcome.violation.missing) assert.ok(found.some((history) => history.tag === tag));
      }
    }),
    { numRuns: 300 },
  );
});

test("reach: what it says before a call is what then happens to the call", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const report = await preview(scenario, { guards });
      const { calls } = scenario;
      const probes = calls.map(({ server, tool, args }) => ({ server, tool, args }));
      const { reached, labels } = await reach(scenario, { guards, probes });
      calls.forEach((_, index) => {
        const { outcome } = report.calls[index]!;
        const state = reached[index]!.steps[index]!.state;
        const isDenied = outcome.trace[2]?.status === "denied" || outcome.status === "failed";
        assert.equal(state === "closed", isDenied, `${state}, and the call was ${outcome.status}`);
      });
      assert.deepEqual(labels.at(-1)?.labels, report.agent.after, "Asking leaves no trace");
    }),
    { numRuns: 200 },
  );
});

test("effects: turned around they say the opposite, and nothing differs from itself", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const { reports, rows } = await compareModes(scenario, { guards });
      for (const one of Object.values(reports)) {
        assert.deepEqual(compareReports(one, one), {
          comparison: "equal",
          calls: [],
          shown: 0,
          hidden: 0,
          opened: 0,
          closed: 0,
        });
        for (const other of Object.values(reports)) {
          const [there, back] = [compareReports(one, other), compareReports(other, one)];
          assert.deepEqual(
            [there.shown, there.hidden, there.opened, there.closed],
            [back.hidden, back.shown, back.closed, back.opened],
          );
          const opposite = { equal: "equal", incomparable: "incomparable", stricter: "looser", looser: "stricter" };
          assert.equal(back.comparison, opposite[there.comparison]);
        }
      }
      assert.equal(rows.length, scenario.calls.length);
    }),
    { numRuns: 100 },
  );
});

test("effects: every item whose visibility differs is named, and no other", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const { reports } = await compareModes(scenario, { guards });
      const { calls } = compareReports(reports.strict, reports.propagate);
      for (const { index } of reports.strict.calls) {
        const [strict, propagate] = [reports.strict.calls[index]!, reports.propagate.calls[index]!];
        const found = calls.find(({ call }) => call === index);
        const isDone = ({ outcome: { trace } }: typeof strict): boolean =>
          trace[1]?.operation !== "read" && trace[3]?.status === "ok";
        const write = isDone(strict) === isDone(propagate) ? undefined : isDone(propagate) ? "opened" : "closed";
        assert.equal(found?.write, write);
        if (strict.labelling?.kind !== "array" || propagate.labelling?.kind !== "array") continue;
        // Content without labels stands after the items.
        const count = strict.outcome.trace[5]?.items ?? 0;
        for (let item = 0; item < count; item++) {
          const [before, after] = [strict.items[item]!.visible, propagate.items[item]!.visible];
          assert.equal(found?.shown.includes(item) ?? false, !before && after);
          assert.equal(found?.hidden.includes(item) ?? false, before && !after);
        }
        const [before, after] = [strict.labelling.unlabelled === "shown", propagate.labelling.unlabelled === "shown"];
        assert.equal(found?.shown.includes(count) ?? false, !before && after, "content without labels");
        assert.equal(found?.hidden.includes(count) ?? false, before && !after, "content without labels");
      }
    }),
    { numRuns: 150 },
  );
});

test("recorded expectations hold for the session that they were recorded from", async () => {
  await fc.assert(
    fc.asyncProperty(session, async ({ scenario, guards }) => {
      const recorded = recordExpectations(scenario, await preview(scenario, { guards }));
      const again = await preview(JSON.stringify(recorded), { guards });
      assert.deepEqual(
        again.calls.flatMap(({ mismatches }) => mismatches),
        [],
      );
    }),
    { numRuns: 200 },
  );
});

test("a link gives back what was put in", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.string(), async (result, title) => {
      const scenario: Scenario = {
        title,
        servers: { s: { guard: "noop" } },
        calls: [{ server: "s", tool: "t", args: { result }, result }],
      };
      const link = await encodeShare({ scenario }, { maxLength: 1e9 });
      assert.ok(link.ok);
      const { scenario: back } = await decodeShare(link.hash);
      // Lone surrogates cannot stand in UTF-8: JSON escapes them, so that they survive too.
      assert.deepEqual(parseScenario(JSON.stringify(back)), parseScenario(JSON.stringify(scenario)));
    }),
  );
});

test("any text in place of a link is refused by a ShareError or a ScenarioError", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{1,40}$/)), async (text) => {
      const error = await decodeShare(`#d1=${text}`).then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      assert.ok(error instanceof ShareError || error?.name === "ScenarioError", String(error));
    }),
  );
});

const brokenJson = fc
  .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', ":", "x", "\\", "'", "1", "\n", "//"))
  .map(([text, place, extra]) => {
    const position = place % (text.length + 1);
    return text.slice(0, position) + extra + text.slice(position + (place % 3));
  });

test("jsonFault finds a fault exactly where JSON.parse does", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), brokenJson), (text) => {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      const fault = jsonFault(text);
      assert.equal(fault === undefined, isJson, fault?.message);
      if (fault === undefined) return;
      assert.ok(fault.offset >= 0 && fault.offset <= text.length);
    }),
    { numRuns: 2000 },
  );
});

test("offsetOf leads to every value of a text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const visit = (part: unknown, path: string): void => {
        const offset = offsetOf(text, path) ?? -1;
        assert.ok(text.slice(offset).startsWith(JSON.stringify(part).slice(0, 1)), `${path} at ${offset}`);
        if (Array.isArray(part)) for (const [index, inner] of part.entries()) visit(inner, `${path}[${index}]`);
        else if (typeof part === "object" && part !== null) {
          for (const [key, inner] of Object.entries(part)) visit(inner, at(path, key));
        }
      };
      visit(value, "");
    }),
    { numRuns: 300 },
  );
});

test("any text or file is material of some kind, and whatever is known makes a scenario", async () => {
  const lines = fc.array(fc.oneof(fc.json(), fc.string()), { maxLength: 6 }).map((all) => all.join("\n"));
  const likeLogs = fc
    .array(
      fc.record(
        {
          event: fc.constantFrom("rpc_request", "rpc_response", "difc_filtered", "call", "x"),
          type: fc.constantFrom("call", "difc_filtered", "refusal", "REQUEST"),
          _schema: fc.string(),
          jsonrpc: fc.constant("2.0"),
          id: fc.jsonValue(),
          method: fc.constant("tools/call"),
          params: fc.record({ name: fc.string(), arguments: fc.jsonValue() }, { requiredKeys: [] }),
          result: fc.jsonValue(),
          payload: fc.jsonValue(),
          server_id: fc.oneof(fc.string(), fc.constant("__proto__")),
          tool_name: fc.oneof(fc.string(), fc.constant("list_issues")),
          description: fc.string(),
          number: fc.oneof(fc.string(), fc.integer()),
          secrecy_tags: fc.jsonValue(),
          status: fc.integer(),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 5 },
    )
    .map((entries) => entries.map((entry) => JSON.stringify(entry)).join("\n"));
  const input = fc.oneof(fc.string(), fc.json(), brokenJson, lines, likeLogs, fc.uint8Array());
  await fc.assert(
    fc.asyncProperty(input, async (given) => {
      const material = await readMaterial(given);
      const { scenario, problems } = toScenario(material);
      assert.equal(scenario === undefined, material.kind === "unknown");
      if (scenario === undefined) assert.ok(problems.length > 0, "It says why");
      else parseScenario(JSON.parse(JSON.stringify(scenario)));
    }),
    { numRuns: 800 },
  );
});

test("changesFor finds an item among many", () => {
  const shown = Array.from({ length: 10_000 }, (_, index) => index * 3);
  const effect = {
    comparison: "looser",
    calls: [{ call: 1, server: "s", tool: "t", before: "filtered", after: "allowed", shown, hidden: [] }],
    shown: shown.length,
    hidden: 0,
    opened: 0,
    closed: 0,
  } as const;
  const change = { id: "", server: "s", edits: [], text: "", policy: {}, effect };
  const suggestions = { changes: [change], tried: 1, complete: true, unsolved: 0, report: {} as never };
  for (const [item, count] of [
    [0, 1],
    [29_997, 1],
    [2_997, 1],
    [2_998, 0],
    [30_000, 0],
  ] as const) {
    assert.equal(changesFor(suggestions, { call: 1, item }).length, count, String(item));
  }
  assert.equal(changesFor(suggestions, { call: 1 }).length, 1);
  assert.equal(changesFor(suggestions, { call: 0 }).length, 0);
});
