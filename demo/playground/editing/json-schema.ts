// The part of JSON Schema that the schemas of edge-guard use: what is wrong with a value and where, and which schemas hold at a path.
import { at } from "../json-map.ts";

/** A schema of the 2020-12 draft, as far as this file reads it; a test holds it against every keyword of the schemas. */
export interface Schema {
  readonly $schema?: string;
  readonly $ref?: string;
  readonly $defs?: { readonly [name: string]: Schema };
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: { readonly [key: string]: Schema };
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** What does not fit, at a path in the spelling of the errors of edge-guard: `allow-only.repos[1]`. */
export interface SchemaProblem {
  readonly path: string;
  readonly message: string;
}

/** A schema with the one that its references start from. */
interface Placed {
  readonly schema: Schema;
  readonly root: Schema;
}

/** More are of no use to anyone, and a large text would make as many as it has values. */
const mostProblems = 100;
const kindsOfObject = { array: "an array", object: "an object", null: "null" } as const;

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isSafeInteger(value) ? "integer" : typeof value;
}
function spoken(value: unknown): string {
  const type = typeOf(value);
  if (type in kindsOfObject) return kindsOfObject[type as keyof typeof kindsOfObject];
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
const article = (type: string): string => (/^[aio]/.test(type) ? `an ${type}` : `a ${type}`);
const list = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(", ");
const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schema and what it refers to. An embedded schema with a `$schema` of its own is the start of its references. */
function follow({ schema, root }: Placed): readonly Placed[] {
  if (schema.$schema !== undefined) root = schema;
  if (schema.$ref === undefined) return [{ schema, root }];
  const name = schema.$ref.replace(/^#\/\$defs\//, "");
  const found = root.$defs?.[name];
  return found === undefined ? [{ schema, root }] : [{ schema, root }, ...follow({ schema: found, root })];
}

function propertyOf({ schema, root }: Placed, key: string): Placed | false | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return { schema: properties[key]!, root };
  if (additionalProperties === false) return false;
  return typeof additionalProperties === "object" ? { schema: additionalProperties, root } : undefined;
}

function checkScalar(schema: Schema, value: unknown, wrong: (message: string) => void): void {
  if (schema.enum !== undefined && !schema.enum.includes(value))
    wrong(`It must be one of ${list(schema.enum)}, not ${spoken(value)}`);
  if (Object.hasOwn(schema, "const") && JSON.stringify(schema.const) !== JSON.stringify(value))
    wrong(`It must be ${JSON.stringify(schema.const)}, not ${spoken(value)}`);
  if (typeof value === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value))
    wrong(
      schema.pattern === "\\S" ? "It must not be empty" : `${spoken(value)} does not have the form ${schema.pattern}`,
    );
  if (typeof value !== "number") return;
  if (schema.minimum !== undefined && value < schema.minimum) wrong(`It must be ${schema.minimum} or more`);
  if (schema.maximum !== undefined && value > schema.maximum) wrong(`It must be ${schema.maximum} or less`);
}

function checkArray(placed: Placed, value: readonly unknown[], path: string, problems: SchemaProblem[]): void {
  const { items, minItems, uniqueItems } = placed.schema;
  if (value.length < (minItems ?? 0)) problems.push({ path, message: "It must not be empty" });
  if (uniqueItems) {
    const seen = new Set<string>();
    value.forEach((item, index) => {
      const text = JSON.stringify(item);
      if (seen.has(text)) problems.push({ path: `${path}[${index}]`, message: `${spoken(item)} is there already` });
      seen.add(text);
    });
  }
  if (items === undefined) return;
  for (let index = 0; index < value.length && problems.length < mostProblems; index++)
    check({ schema: items, root: placed.root }, value[index], `${path}[${index}]`, problems);
}

function checkObject(
  placed: Placed,
  value: { readonly [key: string]: unknown },
  path: string,
  problems: SchemaProblem[],
): void {
  const { schema, root } = placed;
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) problems.push({ path, message: `${JSON.stringify(key)} is missing` });
  }
  const keys = Object.keys(value);
  if (keys.length < (schema.minProperties ?? 0)) problems.push({ path, message: "It must not be empty" });
  for (const key of keys) {
    if (problems.length >= mostProblems) return;
    const inner = at(path, key);
    if (schema.propertyNames) check({ schema: schema.propertyNames, root }, key, inner, problems);
    const property = propertyOf(placed, key);
    if (property === false) {
      const known = Object.keys(schema.properties ?? {});
      problems.push({
        path: inner,
        message: `There is no such key here${known.length > 0 ? `, only ${list(known)}` : ""}`,
      });
    } else if (property !== undefined) check(property, value[key], inner, problems);
  }
}

/** Of several ways to be right, the mistakes of the one that was most likely meant: those furthest inside, then the fewest. */
function checkBranches(
  branches: readonly Schema[],
  one: boolean,
  { root }: Placed,
  value: unknown,
  path: string,
): SchemaProblem[] {
  const tried = branches.map((schema) => {
    const problems: SchemaProblem[] = [];
    check({ schema, root }, value, path, problems);
    return problems;
  });
  const fitting = tried.filter((problems) => problems.length === 0).length;
  if (fitting === 1 || (fitting > 1 && !one)) return [];
  if (fitting > 1) return [{ path, message: `It must fit one of ${branches.length} forms, not ${fitting} at once` }];
  const here = (problems: readonly SchemaProblem[]) => problems.filter((problem) => problem.path === path).length;
  const misplaced = (problems: readonly SchemaProblem[]) =>
    problems.filter(({ message }) => message.startsWith("There is no")).length;
  const rank = (problems: readonly SchemaProblem[]) =>
    here(problems) * 1000 + misplaced(problems) * 100 + problems.length;
  const [best, next] = tried.toSorted((left, right) => rank(left) - rank(right));
  // Nothing tells which way was meant: say all of them.
  if (best!.every((problem) => problem.path === path) && next !== undefined && rank(best!) === rank(next)) {
    const messages = [...new Set(tried.flatMap((problems) => problems.slice(0, 1).map(({ message }) => message)))];
    return [{ path, message: messages.join("; or: ") }];
  }
  return best!;
}

function check(start: Placed, value: unknown, path: string, problems: SchemaProblem[]): void {
  for (const placed of follow(start)) {
    if (problems.length >= mostProblems) return;
    const { schema } = placed;
    const type = typeOf(value);
    if (schema.type !== undefined && schema.type !== type && !(schema.type === "number" && type === "integer")) {
      problems.push({ path, message: `It must be ${article(schema.type)}, not ${spoken(value)}` });
      continue;
    }
    checkScalar(schema, value, (message) => problems.push({ path, message }));
    if (Array.isArray(value)) checkArray(placed, value, path, problems);
    else if (isObject(value)) checkObject(placed, value, path, problems);
    if (schema.anyOf) problems.push(...checkBranches(schema.anyOf, false, placed, value, path));
    if (schema.oneOf) problems.push(...checkBranches(schema.oneOf, true, placed, value, path));
  }
}

/** What of a value does not fit a schema, at most a hundred places. */
export function checkSchema(schema: Schema, value: unknown): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  check({ schema, root: schema }, value, "", problems);
  return problems.slice(0, mostProblems);
}

/** The schema with every way that is open to a value with these keys; ways that forbid one of them are left out. */
function expand(start: Placed, keys: readonly string[]): readonly Placed[] {
  return follow(start).flatMap((placed) => {
    if (keys.some((key) => propertyOf(placed, key) === false)) return [];
    const branches = [...(placed.schema.anyOf ?? []), ...(placed.schema.oneOf ?? [])];
    return [placed, ...branches.flatMap((schema) => expand({ schema, root: placed.root }, keys))];
  });
}

/** A step into a value: a key, or any index, with the keys that stand in the object or array that it leads from. */
export interface Step {
  readonly key: string | number;
  readonly siblings: readonly string[];
}

/** All schemas that have a say about the value at the end of a path; `siblings` are the keys that it already has. */
export function schemasAt(schema: Schema, path: readonly Step[], siblings: readonly string[] = []): readonly Schema[] {
  let found: readonly Placed[] = [{ schema, root: schema }];
  for (const { key, siblings: around } of path) {
    found = found
      .flatMap((placed) => expand(placed, around))
      .flatMap((placed) => {
        const inner =
          typeof key === "number"
            ? placed.schema.items && { schema: placed.schema.items, root: placed.root }
            : propertyOf(placed, key);
        return inner ? [inner] : [];
      });
  }
  return found.flatMap((placed) => expand(placed, siblings)).map((placed) => placed.schema);
}
