// Which tools of a server its guard knows, where it and the server's own hints disagree, and in which shapes responses get labels.
import { canonicalJson } from "../backend/canonical-json.ts";
import type { Labels, Operation } from "../difc/labels.ts";
import { plainText } from "../difc/text.ts";
import type { Labelling } from "../monitor/outcome.ts";
import { openRun, type Run } from "../monitor/preview-run.ts";
import { parseScenario, type Scenario } from "../monitor/scenario.ts";
import { type AnalysisOptions, pause, withoutExpectations } from "./rerun.ts";
import { exampleArgs, exampleItems, responseIn, SHAPES, type Shape } from "./tool-examples.ts";

/** A tool as tools/list describes it, as far as it matters here. */
export interface ToolDescription {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
  readonly annotations?: { readonly readOnlyHint?: boolean; readonly destructiveHint?: boolean };
}

/** Whether a response of one shape gets labels of its own. */
export interface ShapeCoverage {
  /** `rest`: an array, an object, or `{ total_count, items }`, as GitHub's REST API has them; `mcp`: as text of an MCP result, lists in an envelope named after what they hold. */
  readonly shape: Shape;
  /** `items`: each item; `whole`: one label for all of it; `none`: the resource's labels stand for it. */
  readonly labels: "items" | "whole" | "none" | "failed";
  readonly error?: string;
}

export interface ToolCoverage {
  readonly tool: string;
  /** What the guard says of a call with `args`; absent when it failed. */
  readonly operation?: Operation;
  readonly resource?: Labels & { readonly description: string };
  readonly error?: string;
  /** The arguments that were tried. */
  readonly args: unknown;
  /** `name`: it answers otherwise than for made-up tools; `pattern`: as for every tool whose name begins or ends so; `default`: as for a tool that does not exist. */
  readonly known: "name" | "pattern" | "default";
  /** The server's hint; absent when it gives none. */
  readonly readOnlyHint?: boolean;
  /** `guard-looser`: the guard takes for a read what the server says may change things; `guard-stricter`: the other way round. */
  readonly disagreement?: "guard-looser" | "guard-stricter";
  /** For tools that the guard takes for reads; one that is labelled in one shape and not in the other hides things for no reason. */
  readonly shapes: readonly ShapeCoverage[];
  /** Where the tried response came from: a call of the scenario, or made up. */
  readonly sample: "scenario" | "made-up";
}

export interface CoverageReport {
  readonly tools: readonly ToolCoverage[];
  readonly counts: {
    readonly name: number;
    readonly pattern: number;
    readonly default: number;
    readonly disagreements: number;
    /** Tools whose responses get labels in one shape only. */
    readonly uneven: number;
    readonly failed: number;
  };
}

export interface CoverageOptions extends AnalysisOptions {
  /** Arguments to try, by tool. @default what the input schema requires, with values from the scenario's calls where there are some */
  readonly args?: { readonly [tool: string]: unknown };
}

const NONSENSE = "edgeguardnosuch";

/**
 * Asks the guard of one of a scenario's servers about each tool. No tool is called.
 *
 * @param tools what tools/list answered under `tools`
 * @throws {ScenarioError} when it is not a scenario
 * @throws {RangeError} when the scenario has no such server
 * @throws {AbortError | TimeoutError} when `signal` fires
 */
export async function toolCoverage(
  tools: readonly ToolDescription[],
  given: unknown,
  server: string,
  options: CoverageOptions = {},
): Promise<CoverageReport> {
  const scenario = withoutExpectations(parseScenario(given));
  const run = await openRun(scenario, options);
  try {
    const prober = createProber(run, server, options.signal);
    const covered: ToolCoverage[] = [];
    for (const tool of tools) {
      covered.push(await cover(tool, scenario, server, prober, options));
      options.onRun?.({ done: covered.length, total: tools.length });
      if (covered.length % 20 === 0) await pause();
    }
    return { tools: covered, counts: countsOf(covered) };
  } finally {
    await run.close();
  }
}

interface Probed {
  readonly operation?: Operation;
  readonly resource?: Labels & { readonly description: string };
  readonly error?: string;
  readonly labels: ShapeCoverage["labels"];
  /** Equal for equal answers, the tool's name aside. */
  readonly key: string;
}

type Prober = (tool: string, args: unknown, response: unknown) => Promise<Probed>;

function createProber(run: Run, server: string, signal: AbortSignal | undefined): Prober {
  let count = 0;
  return async (tool, args, response) => {
    const nameless = (text: string): string => text.replaceAll(tool, "");
    // Each time another agent, so that no limit of calls and no taint counts.
    const agentId = `coverage ${++count}`;
    const outcome = await run.monitor.callTool({ agentId, server, tool, args, signal }, () => response);
    await run.monitor.agents.end(agentId);
    const { seen } = run.take();
    const { operation, resource } = outcome.trace[1] ?? {};
    const items = seen?.items.map(({ secrecy, integrity, description }) => [secrecy, integrity, nameless(description)]);
    const told = resource && [resource.secrecy, resource.integrity, nameless(resource.description)];
    return {
      ...(operation && { operation }),
      ...(resource && { resource }),
      ...(outcome.error && { error: plainText(outcome.error.message) }),
      labels: outcome.error !== undefined ? "failed" : KINDS[seen?.labelling.kind ?? "none"],
      key: canonicalJson([operation ?? null, told ?? null, items ?? null]),
    };
  };
}

const KINDS: Readonly<Record<Labelling["kind"], ShapeCoverage["labels"]>> = {
  array: "items",
  legacy: "items",
  single: "whole",
  none: "none",
};

async function cover(
  tool: ToolDescription,
  scenario: Scenario,
  server: string,
  probe: Prober,
  options: CoverageOptions,
): Promise<ToolCoverage> {
  const { name, annotations } = tool;
  const isGiven = options.args !== undefined && Object.hasOwn(options.args, name);
  const args = isGiven ? options.args![name] : exampleArgs(tool, scenario, server);
  const { items, sample } = exampleItems(name, scenario, server, args);
  const inShapes = SHAPES.map((shape) => ({ shape, response: responseIn(shape, name, items) }));
  const probed: (Probed & { readonly shape: Shape })[] = [];
  for (const { shape, response } of inShapes) probed.push({ shape, ...(await probe(name, args, response)) });
  const keyOf = (all: readonly Probed[]): string => all.map(({ key }) => key).join("\n");
  const isLike = async (other: string): Promise<boolean> => {
    const answers: Probed[] = [];
    for (const { response } of inShapes) answers.push(await probe(other, args, response));
    return keyOf(answers) === keyOf(probed);
  };
  const { operation, resource } = probed[0]!;
  const isKnown = operation !== undefined;
  const known = !isKnown || (await isLike(NONSENSE)) ? "default" : (await isPattern(name, isLike)) ? "pattern" : "name";
  const hints = typeof annotations === "object" && annotations !== null ? annotations : {};
  const disagreement = disagreementOf(operation, hints);
  const failed = probed.find(({ error }) => error !== undefined);
  return {
    tool: name,
    ...(operation && { operation }),
    ...(resource && { resource }),
    ...(!isKnown && failed?.error !== undefined && { error: failed.error }),
    args,
    known,
    ...(typeof hints.readOnlyHint === "boolean" && { readOnlyHint: hints.readOnlyHint }),
    ...(disagreement && { disagreement }),
    shapes:
      operation === "read"
        ? probed.map(({ shape, labels, error }) => ({ shape, labels, ...(error !== undefined && { error }) }))
        : [],
    sample,
  };
}

/** Tells whether a made-up tool with the same first or last word gets the same answer. */
async function isPattern(name: string, isLike: (other: string) => Promise<boolean>): Promise<boolean> {
  const [first] = /^[^_\-./]+[_\-./]/.exec(name) ?? [];
  const [last] = /[_\-./][^_\-./]+$/.exec(name) ?? [];
  if (first !== undefined && (await isLike(first + NONSENSE))) return true;
  return last !== undefined && (await isLike(NONSENSE + last));
}

function disagreementOf(
  operation: Operation | undefined,
  { readOnlyHint, destructiveHint }: NonNullable<ToolDescription["annotations"]>,
): ToolCoverage["disagreement"] {
  if (operation === undefined) return undefined;
  if (operation === "read") return readOnlyHint === false || destructiveHint === true ? "guard-looser" : undefined;
  return readOnlyHint === true ? "guard-stricter" : undefined;
}

function countsOf(tools: readonly ToolCoverage[]): CoverageReport["counts"] {
  const count = (test: (tool: ToolCoverage) => boolean): number => tools.filter(test).length;
  return {
    name: count(({ known }) => known === "name"),
    pattern: count(({ known }) => known === "pattern"),
    default: count(({ known }) => known === "default"),
    disagreements: count(({ disagreement }) => disagreement !== undefined),
    uneven: count(({ shapes }) => new Set(shapes.map(({ labels }) => labels)).size > 1),
    failed: count(({ error, shapes }) => error !== undefined || shapes.some(({ labels }) => labels === "failed")),
  };
}
