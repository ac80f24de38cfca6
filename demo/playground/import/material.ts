// What a material is in words, and what using it would make of the scenario on the page.
import {
  type Material,
  type MaterialProblem,
  readMaterial,
  type ToolDescription,
  toScenario,
} from "edge-guard/analysis";
import type { Scenario } from "../scenario.ts";

export type Problem = MaterialProblem;
export { readMaterial };

export interface Found {
  readonly material: Material;
}

/** What would come of using a material; without a `verb` it cannot be used. */
export interface Plan {
  readonly verb?: string;
  readonly scenario?: Scenario;
  /** The tools of a server, which are no part of a scenario. */
  readonly tools?: readonly ToolDescription[];
  /** Whether it takes the place of the whole scenario. */
  readonly whole: boolean;
  /** Whether it matters which server it belongs to. */
  readonly asksWhere: boolean;
  /** Of a result: the call that it is taken for. */
  readonly call?: { readonly tool: string; readonly args: unknown };
  readonly badArgs?: boolean;
  readonly problems: readonly Problem[];
}

const count = (number: number, noun: string): string =>
  `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const formats = {
  gateway: "a gateway’s log",
  "edge-guard": "a log of edge-guard",
  messages: "JSON-RPC messages",
} as const;
const kinds: Readonly<Record<Exclude<Material["kind"], "unknown">, string>> = {
  scenario: "a scenario",
  policy: "a policy",
  tools: "a list of tools",
  result: "a tool’s result",
  log: "a log",
  guard: "a guard",
  link: "a link",
};

/** A line that says what was found. */
export function describe(material: Material): string {
  switch (material.kind) {
    case "scenario":
      return `A scenario with ${count(material.scenario.calls.length, "call")}`;
    case "link":
      return `A link with a scenario of ${count(material.scenario.calls.length, "call")}`;
    case "policy":
      return "A policy";
    case "tools":
      return `A list of ${count(material.tools.length, "tool")}`;
    case "result":
      return material.shape === "mcp" ? "A tool’s result, as MCP gives it" : "A tool’s result, as a REST API gives it";
    case "log":
      return `${formats[material.format]}: ${count(material.lines, "line")}, ${count(material.calls.length, "call")}, ${count(material.filtered.length, "withheld item")}`.replace(
        /^./,
        (letter) => letter.toUpperCase(),
      );
    case "guard":
      return "A guard";
    case "unknown":
      return material.like === undefined
        ? "Nothing that can be used"
        : `It looks like ${kinds[material.like]}, but it cannot be used`;
  }
}

interface Choice {
  readonly server: string;
  readonly tool?: string;
  readonly args?: string;
}

function verbFor(material: Material, { server }: Choice, added: number, isNew: boolean): string | undefined {
  switch (material.kind) {
    case "scenario":
    case "link":
      return "Open this scenario";
    case "policy":
      return `Use this policy for ${server}`;
    case "tools":
      return `Use these tools for ${server}`;
    case "result":
      return isNew ? "Open as a new scenario" : "Add this call";
    case "log":
      if (added === 0) return undefined;
      return isNew ? `Open ${count(added, "call")} as a new scenario` : `Add ${count(added, "call")}`;
    default:
      return undefined;
  }
}

/** Works out what using a material would make, with a scenario to add it to or none. Never throws. */
export function plan(material: Material, base: Scenario | undefined, choice: Choice): Plan {
  const { kind } = material;
  const whole = kind === "scenario" || kind === "link";
  const asksWhere = kind === "policy" || kind === "tools" || kind === "result" || kind === "log";
  if (kind === "unknown" || kind === "guard") return { whole, asksWhere, problems: [] };
  if (kind === "tools")
    return { whole, asksWhere, problems: [], tools: material.tools, verb: verbFor(material, choice, 0, false)! };
  const problems: Problem[] = [];
  let args: unknown;
  let badArgs = false;
  if (choice.args !== undefined) {
    try {
      args = JSON.parse(choice.args);
    } catch {
      badArgs = true;
      problems.push({ message: 'The arguments are not JSON: give an object such as {"owner": "acme"}' });
    }
  }
  try {
    const made = toScenario(material, base as Parameters<typeof toScenario>[1], {
      server: choice.server,
      ...(choice.tool !== undefined && { tool: choice.tool }),
      ...(args !== undefined && { args }),
    });
    const scenario = made.scenario as unknown as Scenario | undefined;
    const last = made.scenario?.calls.at(-1);
    const added = (made.scenario?.calls.length ?? 0) - (whole ? 0 : (base?.calls.length ?? 0));
    const verb = scenario === undefined || badArgs ? undefined : verbFor(material, choice, added, base === undefined);
    const own = new Set(material.problems.map(({ message }) => message));
    problems.push(...made.problems.filter(({ message }) => !own.has(message)));
    return {
      whole,
      asksWhere,
      problems,
      badArgs,
      ...(verb !== undefined && { verb }),
      ...(scenario !== undefined && { scenario }),
      ...(kind === "result" && last !== undefined && { call: { tool: last.tool, args: last.args ?? {} } }),
    };
  } catch (error) {
    problems.push({ message: (error as Error).message });
    return { whole, asksWhere, problems, badArgs };
  }
}
