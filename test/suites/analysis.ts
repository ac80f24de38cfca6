// The analysis on its vectors, with the sample guard, in any runtime.
import type * as edgeGuardAnalysis from "edge-guard/analysis";
import comparisons from "../vectors/analysis/comparisons.json" with { type: "json" };
import coverage from "../vectors/analysis/coverage.json" with { type: "json" };
import edits from "../vectors/analysis/edits.json" with { type: "json" };
import faults from "../vectors/analysis/json-faults.json" with { type: "json" };
import materials from "../vectors/analysis/materials.json" with { type: "json" };
import modes from "../vectors/analysis/modes.json" with { type: "json" };
import provenance from "../vectors/analysis/provenance.json" with { type: "json" };
import reaches from "../vectors/analysis/reach.json" with { type: "json" };
import scenarios from "../vectors/analysis/scenarios.json" with { type: "json" };
import suggestions from "../vectors/analysis/suggestions.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import type { Environment, Library, Runner } from "./suite.ts";

/** The package's analysis, however the runtime loaded it. */
export type Analysis = typeof edgeGuardAnalysis;

type Json = { readonly [key: string]: unknown };

/** A named scenario, with some of its members replaced down to any depth; arrays are replaced as a whole. */
function scenarioOf({ scenario, change }: { readonly scenario: string; readonly change?: unknown }): unknown {
  return merged((scenarios.scenarios as Json)[scenario], change);
}

function merged(base: unknown, change: unknown): unknown {
  if (change === undefined) return base;
  const isObject = (value: unknown): value is Json =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(base) || !isObject(change)) return change;
  const keys = new Set([...Object.keys(base), ...Object.keys(change)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, key === "policy" ? (change[key] ?? base[key]) : merged(base[key], change[key])]),
  );
}

/** Tells what of `wanted` is not so in `actual`; members that `wanted` does not name may be anything. */
function holds(actual: unknown, wanted: Json, message: string): void {
  for (const [key, value] of Object.entries(wanted)) equal((actual as Json)[key], value, `${message}: ${key}`);
}

export function analysisSuite(runner: Runner, library: Library, analysis: Analysis, environment: Environment): void {
  const withGuard = async <T>(action: (options: edgeGuardAnalysis.AnalysisOptions) => Promise<T>): Promise<T> => {
    const guard = await library.loadGuard(await environment.guard("repo-guard"), { name: "repo-guard" });
    try {
      return await action({ guards: { "repo-guard.wasm": guard } });
    } finally {
      await guard.close();
    }
  };

  suggestionTests(runner, library, analysis, withGuard);
  comparisonTests(runner, analysis, withGuard);
  sessionTests(runner, library, analysis, withGuard);
  textTests(runner, analysis);
  shareTests(runner, library, analysis, withGuard);
}

type WithGuard = <T>(action: (options: edgeGuardAnalysis.AnalysisOptions) => Promise<T>) => Promise<T>;

interface Suggestion {
  readonly name: string;
  readonly scenario: string;
  readonly targets?: readonly edgeGuardAnalysis.Target[];
  readonly maxRuns?: number;
  readonly maxCombined?: 1 | 2;
  readonly changes?: readonly Json[];
  readonly unsolved?: number;
  readonly tried?: number;
  readonly complete?: boolean;
  readonly throws?: string;
}

function suggestionTests(runner: Runner, library: Library, analysis: Analysis, withGuard: WithGuard): void {
  for (const vector of suggestions.cases as unknown as Suggestion[]) {
    const { name, changes, unsolved, tried, complete = true, throws, targets, maxRuns, maxCombined } = vector;
    runner.test(`suggestChanges: ${name}`, () =>
      withGuard(async (options) => {
        const scenario = scenarioOf(vector);
        const asked = {
          ...options,
          ...(targets && { targets }),
          ...(maxRuns !== undefined && { maxRuns }),
          ...(maxCombined && { maxCombined }),
        };
        if (throws !== undefined) {
          const error = await rejects(analysis.suggestChanges(scenario, asked));
          ok(error.message.includes(throws), `The message says ${throws}: ${error.message}`);
          return;
        }
        const found = await analysis.suggestChanges(scenario, asked);
        equal(found.complete, complete, "complete");
        if (tried !== undefined) equal(found.tried, tried, "tried");
        if (unsolved !== undefined) equal(found.unsolved, unsolved, "unsolved");
        if (changes === undefined) return;
        const got = found.changes.map(({ server, text, effect: { shown, hidden, opened, closed } }) => ({
          server,
          text,
          shown,
          hidden,
          opened,
          closed,
        }));
        equal(sorted(got), sorted(changes), "changes");
        const sizes = found.changes.map(({ edits: made }) => made.length);
        equal(
          sizes,
          [...sizes].sort((a, b) => a - b),
          "the fewest edits come first",
        );
        await verify(library, scenario, found, options);
      }),
    );
  }

  runner.test("suggestChanges: tells how far it is, and stops at once when told to", () =>
    withGuard(async (options) => {
      const controller = new AbortController();
      const heard: { readonly done: number; readonly total: number }[] = [];
      const error = await rejects(
        analysis.suggestChanges(scenarioOf({ scenario: "triage" }), {
          ...options,
          signal: controller.signal,
          onRun(progress) {
            heard.push(progress);
            if (progress.done === 2) controller.abort();
          },
        }),
      );
      equal(error.name, "AbortError");
      equal(
        heard.map(({ done }) => done),
        [1, 2],
      );
      ok(
        heard.every(({ done, total }) => done <= total),
        "It is never more than all",
      );
    }),
  );
}

function sorted(changes: readonly Json[]): Json[] {
  return [...changes].sort((a, b) => (String(a["text"]) < String(b["text"]) ? -1 : 1));
}

/** Every change does what it says when it is made. */
async function verify(
  library: Library,
  scenario: unknown,
  found: edgeGuardAnalysis.Suggestions,
  options: edgeGuardAnalysis.AnalysisOptions,
): Promise<void> {
  for (const { server, policy, effect } of found.changes) {
    const changed = merged(scenario, { servers: { [server]: { policy } } });
    const report = await library.preview(changed, options);
    for (const { call, shown, hidden, write } of effect.calls) {
      const { items, outcome } = report.calls[call]!;
      ok(
        shown.every((index) => items[index]?.visible === true),
        "What is shown is visible",
      );
      ok(
        hidden.every((index) => items[index]?.visible !== true),
        "What is hidden is not visible",
      );
      if (write !== undefined) equal(outcome.trace[3]?.status === "ok", write === "opened", "the write");
    }
  }
}

function comparisonTests(runner: Runner, analysis: Analysis, withGuard: WithGuard): void {
  for (const vector of comparisons.cases as unknown as (Json & {
    name: string;
    scenario: string;
    policies: Json;
    throws?: string;
  })[]) {
    runner.test(`comparePolicies: ${vector.name}`, () =>
      withGuard(async (options) => {
        const compared = analysis.comparePolicies(scenarioOf(vector), vector.policies, options);
        if (vector.throws !== undefined) {
          const error = await rejects(compared);
          ok(error.message.includes(vector.throws), `The message says ${vector.throws}: ${error.message}`);
          return;
        }
        const { effect } = await compared;
        equal([effect.comparison, effect.calls], [vector["comparison"], vector["calls"]]);
      }),
    );
  }
  for (const vector of modes.cases) {
    runner.test(`compareModes: ${vector.name}`, () =>
      withGuard(async (options) => {
        const { rows, firstStop } = await analysis.compareModes(scenarioOf(vector), options);
        const cell = ({ status, visible, items, written }: edgeGuardAnalysis.ModeCell): string =>
          `${status} ${visible}/${items}${written ? " written" : ""}`;
        const got = rows.map(({ call, modes: { strict, filter, propagate } }) => ({
          call,
          strict: cell(strict),
          filter: cell(filter),
          propagate: cell(propagate),
        }));
        equal(got, vector.rows);
        equal(firstStop, vector.firstStop);
      }),
    );
  }
}

function sessionTests(runner: Runner, library: Library, analysis: Analysis, withGuard: WithGuard): void {
  for (const vector of provenance.cases as unknown as (Json & { name: string; scenario: string })[]) {
    runner.test(`traceTags: ${vector.name}`, () =>
      withGuard(async (options) => {
        const report = await library.preview(scenarioOf(vector), options);
        const { tags, steps } = analysis.traceTags(report);
        const source = (found: edgeGuardAnalysis.TagSource | undefined) =>
          found && {
            call: found.call,
            by: found.by,
            ...(found.by === "response" && { items: found.items.map(({ index }) => index) }),
          };
        const got = tags.map(({ kind, tag, gained, lost, consequences }) => ({
          kind,
          tag,
          gained: source(gained),
          lost: source(lost),
          consequences: consequences.map(({ call, effect, items }) => ({
            call,
            effect,
            items: items.map(({ index }) => index),
          })),
        }));
        equal(got, vector["tags"]);
        equal(
          steps.map(({ labels }) => labels),
          [report.agent.before, ...report.calls.map(({ outcome }) => outcome.agent.after)],
          "steps",
        );
      }),
    );
  }
  for (const vector of reaches.cases as unknown as (Json & { name: string; scenario: string; throws?: string })[]) {
    runner.test(`reach: ${vector.name}`, () =>
      withGuard(async (options) => {
        const { probes, agent } = vector as edgeGuardAnalysis.ReachOptions;
        const asked = analysis.reach(scenarioOf(vector), {
          ...options,
          ...(probes && { probes }),
          ...(agent && { agent }),
        });
        if (vector.throws !== undefined) {
          const error = await rejects(asked);
          ok(error.message.includes(vector.throws), `The message says ${vector.throws}: ${error.message}`);
          return;
        }
        const { reached } = await asked;
        const got = reached.map(({ probe: { server, tool }, operation, steps, closedBy }) => ({
          server,
          tool,
          operation,
          states: steps.map(({ state }) => state).join(" "),
          closedBy,
        }));
        equal(got, vector["reached"]);
      }),
    );
  }
  for (const vector of coverage.cases as unknown as (Json & {
    name: string;
    scenario: string;
    tools: edgeGuardAnalysis.ToolDescription[];
    want: Json[];
  })[]) {
    runner.test(`toolCoverage: ${vector.name}`, () =>
      withGuard(async (options) => {
        const { args, counts } = vector as { args?: Json; counts?: Json };
        const report = await analysis.toolCoverage(vector.tools, scenarioOf(vector), "github", {
          ...options,
          ...(args && { args }),
        });
        equal(report.tools.length, vector.want.length);
        vector.want.forEach(({ shapes, ...wanted }, index) => {
          const tool = report.tools[index]!;
          holds(tool, wanted, String(wanted["tool"]));
          if (shapes !== undefined)
            equal(
              tool.shapes.map(({ labels }) => labels),
              shapes,
              `${tool.tool}: shapes`,
            );
        });
        if (counts !== undefined) equal(report.counts, counts);
      }),
    );
  }
}

interface MaterialCase {
  readonly name: string;
  readonly text: string;
  readonly repeat?: readonly (readonly [string, number])[];
  readonly kind: string;
  readonly want?: Json;
  readonly says?: readonly string[];
  readonly at?: Json;
  readonly call?: Json;
  readonly scenario?: Json;
  readonly scen_server?: string;
}

function textTests(runner: Runner, analysis: Analysis): void {
  for (const { name, policy, edits: made, want, want_json: json, text, throws } of edits.cases as unknown as {
    name: string;
    policy: unknown;
    edits: edgeGuardAnalysis.PolicyEdit[];
    want?: unknown;
    want_json?: string;
    text?: string;
    throws?: string;
  }[]) {
    runner.test(`editPolicy: ${name}`, async () => {
      const before = JSON.stringify(policy);
      if (throws !== undefined) {
        const error = await rejects(() => analysis.editPolicy(policy, made));
        ok(error.message.includes(throws), `The message says ${throws}: ${error.message}`);
        return;
      }
      const edited = analysis.editPolicy(policy, made);
      if (json === undefined) equal(edited, want);
      else equal(JSON.stringify(edited), json);
      equal(JSON.stringify(policy), before, "What was given stays as it was");
      equal(analysis.editsText(made), text);
    });
  }
  for (const { name, text, offset, says } of faults.cases) {
    runner.test(`jsonFault: ${name}`, () => {
      const fault = analysis.jsonFault(text);
      equal(fault?.offset, offset);
      ok(fault?.message.includes(says), `The message says ${says}: ${fault?.message}`);
    });
  }
  for (const text of faults.good) {
    runner.test(`jsonFault: none in ${text.trim()}`, () => equal(analysis.jsonFault(text), undefined));
  }
  for (const { text, paths } of faults.offsets) {
    runner.test(`offsetOf: in ${text}`, () => {
      for (const [path, offset] of Object.entries(paths)) equal(analysis.offsetOf(text, path), offset, path);
    });
  }
  for (const {
    name,
    text: given,
    repeat,
    kind,
    want,
    says,
    at,
    call,
    scenario,
    scen_server: server,
  } of materials.cases as unknown as MaterialCase[]) {
    runner.test(`readMaterial: ${name}`, async () => {
      const text = repeat === undefined ? given : repeat.map(([part, count]) => part.repeat(count)).join("");
      for (const input of [text, new TextEncoder().encode(text)]) {
        const material = await analysis.readMaterial(input);
        equal(material.kind, kind, `kind (${JSON.stringify(material.problems)})`);
        holds(material, want ?? {}, "material");
        const problems = material.problems.map(({ message }) => message).join("\n");
        for (const word of says ?? []) ok(problems.includes(word), `A problem says ${word}: ${problems}`);
        if (says === undefined && kind !== "log") equal(problems, "", "problems");
        holds(material.problems[0] ?? {}, at ?? {}, "the first problem");
        const made = analysis.toScenario(material).scenario;
        equal(made === undefined, kind === "unknown", "A scenario can be made of everything that is known");
        if (call !== undefined) holds(made?.calls.at(-1), call, "the call");
        if (scenario !== undefined) equal(made, scenario, "the scenario");
        if (server !== undefined) equal(Object.keys(made?.servers ?? {}), [server], "the server");
      }
    });
  }
}

function shareTests(runner: Runner, library: Library, analysis: Analysis, withGuard: WithGuard): void {
  const digest = "ab".repeat(32);

  runner.test("a link holds a scenario, its guards and the version", async () => {
    const scenario = scenarioOf({ scenario: "exfiltration" });
    const link = await analysis.encodeShare({ scenario, guards: { "repo-guard.wasm": digest } });
    ok(link.ok && /^#d1=[\w-]+$/.test(link.hash), "It is a part of an address");
    const back = await analysis.decodeShare(link.hash, { guards: { "repo-guard.wasm": digest.toUpperCase() } });
    equal(back.scenario, scenario);
    equal([back.guards, back.semantics, back.warnings], [{ "repo-guard.wasm": digest }, analysis.semanticsVersion, []]);
    const material = await analysis.readMaterial(`https://example.org/play/${link.hash}`);
    ok(material.kind === "link", "A pasted link is recognised");
    equal(analysis.toScenario(material).scenario, scenario);
  });

  runner.test("a link made with another guard or version says so", async () => {
    const scenario = scenarioOf({ scenario: "triage" });
    const link = await analysis.encodeShare({ scenario, guards: { "repo-guard.wasm": digest } });
    ok(link.ok, "It is short enough");
    const other = await analysis.decodeShare(link.hash, { guards: { "repo-guard.wasm": "cd".repeat(32) } });
    equal(
      other.warnings.map(({ code }) => code),
      ["guard-differs"],
    );
    const old = await packed(JSON.stringify({ scenario, guards: {}, semantics: 0 }));
    equal(
      (await analysis.decodeShare(old)).warnings.map(({ code }) => code),
      ["semantics-differ"],
    );
  });

  runner.test("a scenario too large for a link is to be saved as a file", async () => {
    const random = Array.from({ length: 3000 }, (_, index) => `${(index * 2654435761) % 4294967296}`);
    const scenario = { servers: { s: { guard: "noop" } }, calls: [{ server: "s", tool: "t", result: random }] };
    const link = await analysis.encodeShare({ scenario });
    ok(!link.ok && link.bytes > 16_384 && link.message.includes("file"), "It says to use a file");
    ok((await analysis.encodeShare({ scenario }, { maxLength: 1_000_000 })).ok, "The limit can be raised");
  });

  for (const [name, make] of Object.entries(DAMAGED)) {
    runner.test(`a damaged link is refused: ${name}`, async () => {
      const link = await analysis.encodeShare({ scenario: scenarioOf({ scenario: "triage" }) });
      const error = await rejects(analysis.decodeShare(await make(link.ok ? link.hash : ""), { maxBytes: 100_000 }));
      ok(error.name === "ShareError" || error.name === "ScenarioError", `${error.name}: ${error.message}`);
    });
  }

  runner.test("recorded expectations hold, and fail when the policy changes", () =>
    withGuard(async (options) => {
      for (const name of Object.keys(scenarios.scenarios)) {
        const scenario = scenarioOf({ scenario: name });
        const recorded = analysis.recordExpectations(scenario, await library.preview(scenario, options));
        const again = await library.preview(JSON.stringify(recorded), options);
        equal(
          again.calls.flatMap(({ mismatches }) => mismatches),
          [],
          name,
        );
      }
      const recorded = analysis.recordExpectations(
        scenarioOf({ scenario: "triage" }),
        await library.preview(scenarioOf({ scenario: "triage" }), options),
      );
      const policy = { "allow-only": { repos: ["acme/*"], "min-integrity": "none" } };
      const other = await library.preview(merged(recorded, { servers: { github: { policy } } }), options);
      ok(!other.passed, "Another policy fails the test");
    }),
  );
}

const DAMAGED: Readonly<Record<string, (hash: string) => string | Promise<string>>> = {
  "another beginning": (hash) => hash.replace("d1", "d2"),
  "no data": () => "#d1=",
  cut: (hash) => hash.slice(0, -20),
  "characters of another alphabet": (hash) => `${hash.slice(0, 10)}+/${hash.slice(12)}`,
  "turned around": (hash) => `#d1=${[...hash.slice(4)].reverse().join("")}`,
  "no JSON": () => packed("{"),
  "no text": async () => packed(new Uint8Array([0xff, 0xfe, 0xfd])),
  "not what it should be": () => packed("[]"),
  "nothing at all": () => packed("null"),
  "no scenario": () => packed('{"semantics":1,"scenario":{"servers":{}}}'),
  "a bomb": () => packed(`{"semantics":1,"scenario":"${"a".repeat(5_000_000)}"}`),
};

async function packed(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `#d1=${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}
