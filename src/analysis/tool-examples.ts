// Arguments and responses to ask a guard about a tool with: from the scenario where it has some, made up otherwise. Pure.
import { isObject, own } from "../difc/json.ts";
import { unwrapResult } from "../difc/tool-result.ts";
import type { Scenario } from "../monitor/scenario.ts";
import type { ToolDescription } from "./coverage.ts";

export type Shape = "rest" | "mcp";

export const SHAPES: readonly Shape[] = ["rest", "mcp"];

const ITEMS_AT_MOST = 3;
const WELL_KNOWN: Readonly<Record<string, unknown>> = {
  owner: "example",
  repo: "example",
  org: "example",
  query: "repo:example/example",
  q: "repo:example/example",
};

/** What the input schema requires, and owner and repository where it knows them. */
export function exampleArgs({ inputSchema }: ToolDescription, scenario: Scenario, server: string): unknown {
  const properties = isObject(inputSchema) ? own(inputSchema, "properties") : undefined;
  const required = isObject(inputSchema) ? own(inputSchema, "required") : undefined;
  const names = new Set(Array.isArray(required) ? required.filter((name) => typeof name === "string") : []);
  for (const name of Object.keys(WELL_KNOWN)) {
    if (isObject(properties) && own(properties, name) !== undefined) names.add(name);
  }
  const calls = scenario.calls.filter((call) => call.server === server);
  // Without a schema the scenario's own repository is the best guess.
  if (!isObject(properties) && names.size === 0 && calls.length > 0)
    for (const name of ["owner", "repo"]) names.add(name);
  const used = (name: string): unknown => {
    for (const { args } of calls) if (isObject(args) && own(args, name) !== undefined) return own(args, name);
    return undefined;
  };
  const schemaOf = (name: string): unknown => (isObject(properties) ? own(properties, name) : undefined);
  // A name may be `__proto__`: entries become own properties, whatever they are called.
  return Object.fromEntries(
    [...names].map((name) => [name, used(name) ?? WELL_KNOWN[name] ?? exampleValue(schemaOf(name))]),
  );
}

function exampleValue(schema: unknown): unknown {
  if (!isObject(schema)) return "example";
  const [first] = [own(schema, "enum"), own(schema, "examples")].flatMap((list) =>
    Array.isArray(list) && list.length > 0 ? [list[0]] : [],
  );
  const given = own(schema, "const") ?? own(schema, "default") ?? first;
  if (given !== undefined) return given;
  const type = own(schema, "type");
  if (type === "integer" || type === "number") return 1;
  if (type === "boolean") return false;
  if (type === "array") return [];
  return type === "object" ? {} : "example";
}

/** A few items as the tool returns them. */
export function exampleItems(
  tool: string,
  { calls }: Scenario,
  server: string,
  args: unknown,
): { readonly items: readonly unknown[]; readonly sample: "scenario" | "made-up" } {
  for (const call of calls) {
    if (call.server !== server || call.tool !== tool || call.result === undefined) continue;
    const items = itemsIn(call.result);
    if (items !== undefined) return { items, sample: "scenario" };
  }
  return { items: [1, 2].map((number) => madeUpItem(number, args)), sample: "made-up" };
}

function itemsIn(result: unknown): readonly unknown[] | undefined {
  let value: unknown;
  try {
    value = unwrapResult(result).value;
  } catch {
    return undefined;
  }
  const list = Array.isArray(value)
    ? value
    : isObject(value)
      ? Object.values(value).find((part) => Array.isArray(part) && part.some(isObject))
      : undefined;
  if (Array.isArray(list)) return list.length > 0 ? list.slice(0, ITEMS_AT_MOST) : undefined;
  return isObject(value) ? [value] : undefined;
}

function madeUpItem(number: number, args: unknown): unknown {
  const word = (name: string): string => {
    const value = isObject(args) ? own(args, name) : undefined;
    return typeof value === "string" && /^[\w.-]+$/.test(value) ? value : "example";
  };
  const address = `https://github.com/${word("owner")}/${word("repo")}`;
  return {
    id: number,
    number,
    title: "Example",
    state: "open",
    user: { login: "example" },
    author_association: "NONE",
    html_url: `${address}/issues/${number}`,
    labels: [],
  };
}

/** The items as a whole response. */
export function responseIn(shape: Shape, tool: string, items: readonly unknown[]): unknown {
  const isSearch = tool.startsWith("search_");
  const isList = isSearch || tool.startsWith("list_");
  const value = !isList
    ? items[0]
    : isSearch
      ? { total_count: items.length, incomplete_results: false, items }
      : shape === "rest"
        ? items
        : { [tool.slice("list_".length)]: items, totalCount: items.length };
  if (shape === "rest") return value;
  return { content: [{ type: "text", text: JSON.stringify(value) }] };
}
