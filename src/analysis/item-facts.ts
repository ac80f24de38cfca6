// What an item tells of itself that policies speak of: repository, author, labels, reactions. Guesses from common keys, never fails.
import { isObject, type JsonObject, own } from "../difc/json.ts";

export interface ItemFacts {
  /** `owner/repo` in lower case. */
  readonly repo?: string;
  readonly authors: readonly string[];
  readonly labels: readonly string[];
  /** Contents of reactions, upper-case. */
  readonly reactions: readonly string[];
}

const NAME = /^[\w.[\]-]{1,100}$/;
const ADDRESS = /^https:\/\/(?:api\.)?[\w.-]+\/(?:repos\/)?([\w-]{1,39})\/([\w.-]{1,100})(?:[/?#]|$)/;

export function factsOf(data: unknown): ItemFacts {
  if (!isObject(data)) return { authors: [], labels: [], reactions: [] };
  const repo = addressOf(data);
  return {
    ...(repo !== undefined && { repo }),
    authors: authorsOf(data),
    labels: labelsOf(data),
    reactions: reactionsOf(data),
  };
}

/** The repository that an item names, as `owner/repo` in lower case. */
export function addressOf(data: JsonObject): string | undefined {
  const repository = own(data, "repository");
  const names = [
    ...(isObject(repository) ? [own(repository, "full_name"), own(repository, "nameWithOwner")] : [repository]),
    own(data, "full_name"),
    own(data, "nameWithOwner"),
  ];
  for (const name of names) if (typeof name === "string" && /^[\w-]+\/[\w.-]+$/.test(name)) return name.toLowerCase();
  for (const key of ["repository_url", "html_url", "htmlUrl", "url"]) {
    const [, owner, name] = ADDRESS.exec(textAt(data, key)) ?? [];
    if (owner !== undefined && name !== undefined) return `${owner}/${name}`.toLowerCase();
  }
  return undefined;
}

function authorsOf(data: JsonObject): string[] {
  const found = new Set<string>();
  for (const key of ["user", "author", "committer"]) {
    const person = own(data, key);
    const login = isObject(person) ? textAt(person, "login") : typeof person === "string" ? person : "";
    if (NAME.test(login)) found.add(login);
  }
  return [...found];
}

function labelsOf(data: JsonObject): string[] {
  const names = nodesOf(own(data, "labels")).map((label) => (isObject(label) ? own(label, "name") : label));
  return unique(
    names.filter((name): name is string => typeof name === "string" && name.trim() !== "" && name.length <= 100),
  );
}

function reactionsOf(data: JsonObject): string[] {
  const contents = nodesOf(own(data, "reactions")).map((node) => (isObject(node) ? textAt(node, "content") : ""));
  return unique(contents.filter((content) => /^[\w+-]{1,40}$/.test(content)).map((content) => content.toUpperCase()));
}

/** A list, or a connection as GraphQL has them. */
function nodesOf(value: unknown): readonly unknown[] {
  const list = isObject(value) ? own(value, "nodes") : value;
  return Array.isArray(list) ? list.slice(0, 100) : [];
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}

function textAt(data: JsonObject, key: string): string {
  const value = own(data, key);
  return typeof value === "string" ? value : "";
}
