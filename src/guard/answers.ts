// Reads what a guard answers, and refuses what cannot be read as labels: an unreadable label never becomes an empty one (guard-abi.md, Input and output JSON).
import type { AgentLabels, ItemLabels, Mode, Operation, ResourceLabels, ResponseLabels } from "../difc/labels.ts";
import { ProtocolError } from "../errors.ts";

type JsonObject = { readonly [key: string]: unknown };

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own property: a guard's JSON may hold keys such as `__proto__`. */
function own(object: JsonObject, key: string): unknown {
  const value = object[key];
  return value === undefined || Object.hasOwn(object, key) ? value : undefined;
}

function spell(value: unknown): string {
  return value === undefined
    ? "nothing"
    : value === null
      ? "null"
      : Array.isArray(value)
        ? "an array"
        : `a ${typeof value}`;
}

function parseObject(text: string, what: string): JsonObject {
  if (text === "") throw new ProtocolError(`The guard's answer to ${what} is empty`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // JSON.parse throws RangeError for nesting that exhausts the stack.
    throw new ProtocolError(`The guard's answer to ${what} is not JSON`, { cause });
  }
  if (!isObject(value))
    throw new ProtocolError(`The guard's answer to ${what} is ${spell(value)}, it must be an object`);
  return value;
}

/** Where something stands in the answer. Spelled out for complaints alone: there may be 100 000 items, and few of them are wrong. */
type Place = () => string;

function readTags(value: unknown, place: Place, key: string): string[] {
  if (!Array.isArray(value)) {
    throw new ProtocolError(
      `The guard's "${place()}${key}" is ${spell(value)}, it must be an array of strings; an empty one for none`,
    );
  }
  const tags = value as readonly unknown[];
  for (let index = 0; index < tags.length; index++) {
    if (typeof tags[index] !== "string")
      throw new ProtocolError(`The guard's "${place()}${key}[${index}]" is ${spell(tags[index])}, a tag is a string`);
  }
  // The array is the parser's own and nobody else's.
  const own = tags as string[];
  const isUnique =
    own.length < 16 ? own.every((tag, index) => own.indexOf(tag) === index) : new Set(own).size === own.length;
  return isUnique ? own : [...new Set(own)];
}

function readAgentTags(value: unknown, key: string): string[] {
  const tags = readTags(value, () => "agent", key);
  // The usual case.
  if (tags.every((tag) => tag !== "" && tag.trim() === tag)) return tags;
  return [...new Set(tags.map((tag) => tag.trim()))].filter((tag) => tag !== "");
}

function readText(value: unknown, place: Place, key = ""): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string")
    throw new ProtocolError(`The guard's "${place()}${key}" is ${spell(value)}, it must be a string`);
  return value;
}

const modes: readonly Mode[] = ["strict", "filter", "propagate"];

/** Parses the answer to label_agent. Throws ProtocolError. */
export function parseAgentLabels(text: string): AgentLabels {
  const answer = parseObject(text, "label_agent");
  const complaint = own(answer, "error");
  if (
    own(answer, "success") === false ||
    own(answer, "ok") === false ||
    (typeof complaint === "string" && complaint.trim() !== "")
  ) {
    const detail = typeof complaint === "string" && complaint.trim() !== "" ? `: ${complaint.trim()}` : "";
    throw new ProtocolError(`The guard refused the policy${detail}`);
  }
  const named = own(answer, "difc_mode");
  const mode = typeof named === "string" ? modes.find((known) => known === named.trim().toLowerCase()) : undefined;
  if (mode === undefined) {
    throw new ProtocolError(
      `The guard's "difc_mode" is ${typeof named === "string" ? `"${named}"` : spell(named)}, it must be strict, filter or propagate`,
    );
  }
  const agent = own(answer, "agent");
  if (!isObject(agent))
    throw new ProtocolError(`The guard's "agent" is ${spell(agent)}, it must be an object with secrecy and integrity`);
  const normalizedPolicy = own(answer, "normalized_policy");
  const labels = {
    agent: {
      secrecy: readAgentTags(own(agent, "secrecy"), ".secrecy"),
      integrity: readAgentTags(own(agent, "integrity"), ".integrity"),
    },
    mode,
  };
  return normalizedPolicy === undefined || normalizedPolicy === null ? labels : { ...labels, normalizedPolicy };
}

/** Parses the answer to label_resource; an operation that is missing or unknown is a write. Throws ProtocolError. */
export function parseResourceLabels(text: string): ResourceLabels {
  const answer = parseObject(text, "label_resource");
  const resource = own(answer, "resource");
  if (!isObject(resource))
    throw new ProtocolError(`The guard's "resource" is ${spell(resource)}, it must be an object`);
  const place: Place = () => "resource";
  const named = own(answer, "operation");
  const operation: Operation = named === "read" || named === "read-write" ? named : "write";
  return {
    description: readText(own(resource, "description"), place, ".description") ?? "",
    secrecy: readTags(own(resource, "secrecy"), place, ".secrecy"),
    integrity: readTags(own(resource, "integrity"), place, ".integrity"),
    operation,
  };
}

function readItemLabels(value: unknown, place: Place): ItemLabels | undefined {
  if (value === undefined || value === null) return undefined;
  const labels = readEntry(value, place);
  const description = readText(own(labels, "description"), place, ".description");
  const secrecy = readTags(own(labels, "secrecy"), place, ".secrecy");
  const integrity = readTags(own(labels, "integrity"), place, ".integrity");
  return description === undefined ? { secrecy, integrity } : { description, secrecy, integrity };
}

function readEntry(value: unknown, place: Place): JsonObject {
  if (!isObject(value)) throw new ProtocolError(`The guard's "${place()}" is ${spell(value)}, it must be an object`);
  return value;
}

function readArray(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ProtocolError(`The guard's "${path}" is ${spell(value)}, it must be an array`);
  return value;
}

/** Parses the answer to label_response; `null` when it has no fine-grained labels. Throws ProtocolError. */
export function parseResponseLabels(text: string): ResponseLabels | null {
  if (text === "") return null;
  const answer = parseObject(text, "label_response");
  if (Object.hasOwn(answer, "labeled_paths")) {
    const labeledPaths = readArray(answer["labeled_paths"], "labeled_paths").map((value, index) => {
      const place: Place = () => `labeled_paths[${index}]`;
      const entry = readEntry(value, place);
      const path = own(entry, "path");
      if (typeof path !== "string")
        throw new ProtocolError(`The guard's "${place()}.path" is ${spell(path)}, it must be a JSON Pointer`);
      const labels = readItemLabels(own(entry, "labels"), () => `${place()}.labels`);
      return labels === undefined ? { path } : { path, labels };
    });
    const defaultLabels = readItemLabels(own(answer, "default_labels"), () => "default_labels");
    const itemsPath = readText(own(answer, "items_path"), () => "items_path");
    return {
      labeledPaths,
      ...(defaultLabels === undefined ? {} : { defaultLabels }),
      ...(itemsPath === undefined ? {} : { itemsPath }),
    };
  }
  if (!Object.hasOwn(answer, "items")) return null;
  const items = readArray(answer["items"], "items").map((value, index) => {
    const place: Place = () => `items[${index}]`;
    const entry = readEntry(value, place);
    const labels = readItemLabels(own(entry, "labels"), () => `${place()}.labels`);
    const data = own(entry, "data");
    return labels === undefined ? { data } : { data, labels };
  });
  return items.length === 0 ? null : { items };
}
