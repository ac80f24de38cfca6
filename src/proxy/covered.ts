// Resources and prompts, as far as mappings cover them: everything else does not exist.
import { encodeJson, isObject, type JsonObject, own } from "../difc/json.ts";
import { ProtocolError } from "../errors.ts";
import type { Outcome } from "../monitor/outcome.ts";
import { type ExchangeContext, guardedCall } from "./guarded-call.ts";
import type { Mapping } from "./mappings.ts";
import { type Answer, CODE, objectAt, refusal, stringAt } from "./messages.ts";
import type { UpstreamServer } from "./options.ts";
import { runTool } from "./tools.ts";

type Kind = "resource" | "prompt";

interface Found {
  readonly server: UpstreamServer;
  readonly mapping: Mapping;
  readonly args: JsonObject;
  /** The name as the server knows it. */
  readonly name: string;
}

const CACHE = { ttlMs: 0, cacheScope: "private" };
const MAX_PAGES = 64;

/** Tells whether any server has mappings of this kind. */
export function covers(servers: readonly UpstreamServer[], kind: Kind): boolean {
  return servers.some(({ mappings }) =>
    mappings.some((mapping) => (mapping.kind === "prompt") === (kind === "prompt")),
  );
}

function find(servers: readonly UpstreamServer[], kind: Kind, given: string): Found | undefined {
  for (const server of servers) {
    // Resources have names of their own already, prompts share one room like tools.
    const name = kind === "prompt" ? given.slice(server.prefix.length) : given;
    if (kind === "prompt" && !given.startsWith(server.prefix)) continue;
    for (const mapping of server.mappings) {
      if ((mapping.kind === "prompt") !== (kind === "prompt")) continue;
      const args = mapping.match(name);
      if (args !== undefined) return { server, mapping, args, name };
    }
  }
  return undefined;
}

/** resources/read: a call of the tool that it is mapped to, or a read under fixed labels. */
export async function readResource(context: ExchangeContext, params: JsonObject): Promise<Answer> {
  const uri = stringAt(params, "uri");
  const found = uri === undefined ? undefined : find(context.settings.servers, "resource", uri);
  if (uri === undefined || found === undefined) return refusal(CODE.invalidParams, "The resource is unknown");
  const { server, mapping, args } = found;
  if (mapping.tool !== undefined) {
    const answer = await runTool(context, { server, tool: mapping.tool, args });
    if ("error" in answer) return answer;
    return contentsAnswer(context, answer.result, uri);
  }
  const outcome = await fixedCall(context, found, "resources/read", { uri }, (result) => {
    const contents = own(result, "contents");
    if (!Array.isArray(contents)) throw new ProtocolError("Cannot use the resource: it has no contents");
    return { contents: contents.filter(isObject) };
  });
  return fixedAnswer(context, outcome, CACHE);
}

/** prompts/get under fixed labels. */
export async function getPrompt(context: ExchangeContext, params: JsonObject): Promise<Answer> {
  const name = stringAt(params, "name");
  const found = name === undefined ? undefined : find(context.settings.servers, "prompt", name);
  if (found === undefined) return refusal(CODE.invalidParams, "The prompt is unknown");
  const request = {
    name: found.name,
    arguments: objectAt(params, "arguments"),
  };
  const outcome = await fixedCall(context, found, "prompts/get", request, (result) => {
    const messages = own(result, "messages");
    if (!Array.isArray(messages)) throw new ProtocolError("Cannot use the prompt: it has no messages");
    const description = stringAt(result, "description");
    return { messages, ...(description !== undefined && { description }) };
  });
  return fixedAnswer(context, outcome, {});
}

/** resources/list and prompts/list: what fixed labels cover and lets the agent read. What the entries say has those labels too. */
export async function listCovered(context: ExchangeContext, kind: Kind, params: JsonObject): Promise<Answer> {
  if (own(params, "cursor") !== undefined)
    return refusal(CODE.invalidParams, "The cursor is unknown: there is one page");
  const key = `${kind}s`;
  const entries: JsonObject[] = [];
  for (const server of context.settings.servers) {
    const mappings = server.mappings.filter((mapping) => mapping.kind === kind);
    if (mappings.length === 0) continue;
    const listed = await listAll(context, server, key);
    for (const mapping of mappings) {
      const covered = listed.filter((entry) => {
        const name = stringAt(entry, kind === "prompt" ? "name" : "uri");
        return (
          name !== undefined &&
          find([server], kind, kind === "prompt" ? server.prefix + name : name)?.mapping === mapping
        );
      });
      if (covered.length === 0) continue;
      const found = { server, mapping, args: {}, name: mapping.pattern };
      const outcome = await fixedCall(context, found, `${key}/list`, undefined, () => ({ [key]: covered }));
      const shown = outcome.status === "allowed" && isObject(outcome.result) ? own(outcome.result, key) : [];
      for (const entry of shown as JsonObject[]) {
        entries.push(kind === "prompt" ? { ...entry, name: server.prefix + stringAt(entry, "name") } : entry);
      }
    }
  }
  return {
    result: {
      ...(context.era === "modern" && { resultType: "complete", ...CACHE }),
      [key]: entries,
    },
  };
}

/** resources/templates/list: the operator's own templates, nothing of the servers'. */
export function listTemplates(context: ExchangeContext): Answer {
  const mapped = context.settings.servers.flatMap(({ mappings }) => mappings.filter(({ tool }) => tool !== undefined));
  const resourceTemplates = mapped.map(({ pattern, tool }) => ({
    uriTemplate: pattern,
    name: tool!,
  }));
  return {
    result: {
      ...(context.era === "modern" && { resultType: "complete", ...CACHE }),
      resourceTemplates,
    },
  };
}

async function listAll(context: ExchangeContext, server: UpstreamServer, key: string): Promise<JsonObject[]> {
  const { connection } = await context.callers.reach(server, context);
  const all: JsonObject[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const reply = await connection.request(`${key}/list`, params, {
      signal: context.signal,
    });
    if ("error" in reply) break;
    const listed = own(reply.result, key);
    if (Array.isArray(listed)) all.push(...listed.filter(isObject));
    const next = stringAt(reply.result, "nextCursor");
    if (next === undefined || next === cursor) break;
    cursor = next;
  }
  return all;
}

function fixedCall(
  context: ExchangeContext,
  { server, mapping, name }: Found,
  method: string,
  request: JsonObject | undefined,
  clean: (result: JsonObject) => JsonObject,
): Promise<Outcome> {
  const labels = { ...mapping.labels!, operation: "read" as const };
  const call = { server, tool: method, args: request ?? { name }, labels };
  return guardedCall(context, call, async (connection, options) => {
    if (request === undefined) return clean({});
    const reply = await connection.request(method, request, options);
    // A refusal is the server's words, and has no form in which these methods could show it.
    if ("error" in reply) throw new ProtocolError("The server refused the request");
    return clean(reply.result);
  });
}

function fixedAnswer(context: ExchangeContext, outcome: Outcome, more: JsonObject): Answer {
  if (outcome.status !== "allowed" || !isObject(outcome.result)) return refusal(CODE.internal, wordsOf(outcome.result));
  return {
    result: {
      ...(context.era === "modern" && { resultType: "complete", ...more }),
      ...outcome.result,
    },
  };
}

/** A tool's result as the contents of a resource. */
function contentsAnswer({ era }: ExchangeContext, result: JsonObject, uri: string): Answer {
  if (own(result, "isError") === true) return refusal(CODE.internal, wordsOf(result));
  const content = own(result, "content");
  const contents = (Array.isArray(content) ? (content as JsonObject[]) : []).flatMap((block): JsonObject[] => {
    const text = stringAt(block, "text");
    const resource = own(block, "resource");
    if (text !== undefined) return [{ uri, mimeType: "text/plain", text }];
    if (isObject(resource)) return [resource];
    const data = stringAt(block, "data");
    return data === undefined ? [] : [{ uri, mimeType: stringAt(block, "mimeType") ?? "", blob: data }];
  });
  if (contents.length === 0)
    contents.push({
      uri,
      text: encodeJson(own(result, "structuredContent") ?? null),
    });
  return {
    result: {
      ...(era === "modern" && { resultType: "complete", ...CACHE }),
      contents,
    },
  };
}

function wordsOf(result: unknown): string {
  const content = isObject(result) ? own(result, "content") : undefined;
  const blocks = Array.isArray(content) ? content : [];
  return (
    blocks.map((block) => (isObject(block) ? (stringAt(block, "text") ?? "") : "")).join("\n") ||
    "The result is withheld"
  );
}
