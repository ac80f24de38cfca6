// Resources and prompts that may be read although guards know tools only: as a tool under another name, or under fixed labels.

import type { JsonObject } from "../difc/json.ts";
import type { Tag } from "../difc/labels.ts";
import { normalizeTags } from "../difc/taint.ts";

/** Fixed labels: the operator's word for what no guard knows. */
export interface FixedLabels {
  readonly secrecy: readonly Tag[];
  readonly integrity: readonly Tag[];
  /** @default the pattern */
  readonly description?: string;
}

/**
 * `tool`: a read of a resource whose URI fits the template becomes a call of this tool with what the template's variables stand
 * for, so that the guard sees exactly what the server does. `labels`: what fits the pattern (`*` within a segment, `**` across) is read
 * from the server under fixed labels.
 */
export type ResourceMapping =
  /** `repo://{owner}/{repo}/contents{/path*}` */
  | { readonly uri: string; readonly tool: string }
  /** `docs://**` */
  | { readonly uri: string; readonly labels: FixedLabels }
  | { readonly prompt: string; readonly labels: FixedLabels };

/** A mapping, ready. */
export interface Mapping {
  readonly kind: "tool" | "resource" | "prompt";
  readonly pattern: string;
  readonly tool?: string;
  readonly labels?: Required<FixedLabels>;
  /** The arguments for the tool, an empty object for fixed labels; `undefined` when it does not fit. */
  match(name: string): JsonObject | undefined;
}

/** @throws {TypeError | RangeError} naming the option */
export function readMappings(where: string, given: readonly ResourceMapping[]): Mapping[] {
  if (!Array.isArray(given)) throw new TypeError(`${CANNOT}: "${where}" must be an array`);
  return given.map((mapping: Partial<Record<string, unknown>>, index): Mapping => {
    const at = `${where}[${index}]`;
    const fail = (must: string): TypeError => new TypeError(`${CANNOT}: "${at}" ${must}`);
    if (typeof mapping !== "object" || mapping === null) throw fail("must be an object");
    const { uri, prompt, tool, labels } = mapping;
    const pattern = uri ?? prompt;
    if (typeof pattern !== "string" || (uri === undefined) === (prompt === undefined)) {
      throw fail(`must have "uri" or "prompt", a string`);
    }
    if (typeof tool === "string" && labels === undefined && uri !== undefined) {
      return { kind: "tool", pattern, tool, match: template(pattern, fail) };
    }
    const { secrecy, integrity, description = pattern } = (labels ?? {}) as Partial<FixedLabels>;
    if (tool !== undefined || !isTags(secrecy) || !isTags(integrity) || typeof description !== "string") {
      throw fail(`must have "tool", or "labels" with arrays "secrecy" and "integrity"`);
    }
    const fixed = {
      secrecy: normalizeTags(secrecy),
      integrity: normalizeTags(integrity),
      description,
    };
    const isPrompt = prompt !== undefined;
    const fits = isPrompt ? (name: string) => name === pattern : glob(pattern);
    return {
      kind: isPrompt ? "prompt" : "resource",
      pattern,
      labels: fixed,
      match: (name) => (fits(name) ? {} : undefined),
    };
  });
}

/** Paths that servers may read in several ways: steps up or nowhere, plain or encoded, back slashes, controls. */
const AMBIGUOUS = /(^|\/)(\.|%2e){1,2}(\/|$|\?|#)|\\|%5c|%2f|%00|[^!-~]/i;

function glob(pattern: string): (uri: string) => boolean {
  const source = literal(pattern).replaceAll("\\*\\*", ".*").replaceAll("\\*", "[^/]*");
  const expression = new RegExp(`^${source}$`);
  return (uri) => uri.length <= 4096 && !AMBIGUOUS.test(uri) && expression.test(uri);
}

/** A template of RFC 6570 with `{name}` and, at its end, `{/name*}`. */
function template(pattern: string, fail: (must: string) => TypeError): Mapping["match"] {
  const names: string[] = [];
  const source = pattern
    .split(/(\{\/?\w+\*?\})/)
    .map((part, index) => {
      if (index % 2 === 0) {
        if (/[{}]/.test(part)) throw fail(`must be a template with {name} and {/name*} only`);
        return literal(part);
      }
      const [, slash, name, star] = /^\{(\/?)(\w+)(\*?)\}$/.exec(part)!;
      if ((slash === "/") !== (star === "*")) throw fail(`must be a template with {name} and {/name*} only`);
      names.push(name!);
      return star === "*" ? "((?:/[^/?#]+)*)" : "([^/?#]+)";
    })
    .join("");
  const expression = new RegExp(`^${source}$`);
  return (uri) => {
    const found = uri.length <= 4096 && !AMBIGUOUS.test(uri) ? expression.exec(uri) : null;
    if (found === null) return undefined;
    try {
      const values = found.slice(1).map((value) => decodeURIComponent(value.replace(/^\//, "")));
      return Object.fromEntries(names.map((name, index) => [name, values[index]!]));
    } catch {
      return undefined;
    }
  };
}

const CANNOT = "Cannot create the proxy";

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function isTags(value: unknown): value is readonly Tag[] {
  return Array.isArray(value) && value.every((tag) => typeof tag === "string");
}
