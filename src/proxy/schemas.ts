// What must be changed in the schemas of tools, and which arguments a server wants repeated in headers.
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { HEADER } from "./messages.ts";

const BY_NAME = new Set(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]);
const MAX_DEPTH = 64;

/** The schema without these keywords, wherever a schema may stand in it; `undefined` when it is nested too deep. */
function without(schema: unknown, keywords: ReadonlySet<string>, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
  if (Array.isArray(schema)) return schema.map((part) => without(part, keywords, depth + 1));
  if (!isObject(schema)) return schema;
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (keywords.has(key)) continue;
    if (key === "enum" || key === "const" || key === "default" || key === "examples") entries.push([key, value]);
    else if (BY_NAME.has(key) && isObject(value)) {
      entries.push([
        key,
        Object.fromEntries(Object.entries(value).map(([name, part]) => [name, without(part, keywords, depth + 1)])),
      ]);
    } else entries.push([key, without(value, keywords, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

const HEADER_MARKS: ReadonlySet<string> = new Set(["x-mcp-header"]);
// A list that has lost items may break these.
const LIST_SIZES: ReadonlySet<string> = new Set(["minItems", "contains", "minContains", "prefixItems"]);

/** The schema of arguments as clients get it: headers are made anew from the body, so clients need not repeat arguments in them. */
export function inputSchema(schema: JsonObject): JsonObject {
  return without(schema, HEADER_MARKS) as JsonObject;
}

/** The schema of results, such that a result from which items were taken still fits. */
export function outputSchema(schema: JsonObject): JsonObject {
  return without(schema, LIST_SIZES) as JsonObject;
}

/** By tool: the headers that repeat arguments, with their values. */
export type ParameterHeaders = ReadonlyMap<string, (args: JsonObject) => [string, string][]>;

/** Finds the arguments that a server wants repeated in `Mcp-Param-*` headers (2026-07-28, x-mcp-header). */
export function parameterHeaders(tools: readonly (readonly [string, JsonObject])[]): ParameterHeaders {
  const found = new Map<string, (args: JsonObject) => [string, string][]>();
  for (const [tool, schema] of tools) {
    const marks = marksOf(schema, []);
    if (marks.length === 0) continue;
    found.set(tool, (args) =>
      marks.flatMap(({ header, path }): [string, string][] => {
        let value: unknown = args;
        for (const key of path) value = isObject(value) ? own(value, key) : undefined;
        const isPrimitive = typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
        return isPrimitive ? [[`${HEADER.param}${header}`, String(value)]] : [];
      }),
    );
  }
  return found;
}

interface Mark {
  readonly header: string;
  readonly path: readonly string[];
}

function marksOf(schema: JsonObject, path: readonly string[]): Mark[] {
  const properties = own(schema, "properties");
  if (!isObject(properties) || path.length > 16) return [];
  return Object.entries(properties).flatMap(([key, part]): Mark[] => {
    if (!isObject(part)) return [];
    const header = own(part, "x-mcp-header");
    const isName = typeof header === "string" && /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(header);
    return [...(isName ? [{ header, path: [...path, key] }] : []), ...marksOf(part, [...path, key])];
  });
}
