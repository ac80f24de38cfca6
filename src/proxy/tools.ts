// tools/list and tools/call.
import { isObject, type JsonObject, own } from "../difc/json.ts";
import { type ExchangeContext, type GuardedCall, guardedCall, tell, tellExchange } from "./guarded-call.ts";
import { type Answer, CODE, objectAt, type RpcError, refusal, stringAt } from "./messages.ts";
import type { UpstreamServer } from "./options.ts";
import { inputSchema, outputSchema } from "./schemas.ts";
import { cleanResult, refusedResult, toolAnswer } from "./tool-results.ts";
import type { UpstreamReply } from "./upstream.ts";

const MAX_PAGES = 64;
const MAX_TOOLS = 10_000;
const CACHE = { ttlMs: 0, cacheScope: "private" };

/**
 * All tools of all servers on one page. Cursors would be a way past the monitor: whoever may make up a cursor may send
 * a server anything.
 */
export async function listTools(context: ExchangeContext, params: JsonObject): Promise<Answer> {
  if (own(params, "cursor") !== undefined)
    return refusal(CODE.invalidParams, "The cursor is unknown: there is one page");
  const { servers } = context.settings;
  const lists = await Promise.allSettled(servers.map((server) => toolsOf(context, server)));
  const tools = lists.flatMap((list) => (list.status === "fulfilled" ? list.value : []));
  if (lists.every(({ status }) => status === "rejected")) return unavailable();
  for (const [index, list] of lists.entries()) {
    if (list.status === "fulfilled") continue;
    const reason = `The tools of "${servers[index]!.id}" could not be listed`;
    tell(context.settings, {
      type: "refusal",
      principal: context.identity.principal,
      method: "tools/list",
      status: 502,
      reason,
    });
  }
  return {
    result: {
      ...(context.era === "modern" && { resultType: "complete", ...CACHE }),
      tools,
    },
  };
}

export function unavailable(): Answer {
  return refusal(CODE.internal, "The server behind the proxy is not available", 502);
}

async function toolsOf(context: ExchangeContext, server: UpstreamServer): Promise<JsonObject[]> {
  const { connection } = await context.callers.reach(server, context);
  const tools = new Map<string, JsonObject>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const reply = await connection.request("tools/list", params, {
      signal: context.signal,
    });
    if ("error" in reply) throw new TypeError(`The server refused with code ${reply.error.code}`);
    const listed = own(reply.result, "tools");
    for (const given of Array.isArray(listed) ? listed : []) {
      const tool = cleanTool(given, server, context.era);
      const name = tool && (tool["name"] as string);
      if (name !== undefined && !tools.has(name) && tools.size < MAX_TOOLS) tools.set(name, tool!);
    }
    const next = stringAt(reply.result, "nextCursor");
    if (next === undefined || next === cursor) break;
    cursor = next;
  }
  return [...tools.values()];
}

/** A tool as clients get it: what is not understood is left out; `undefined` for one that cannot be offered. */
function cleanTool(given: unknown, server: UpstreamServer, era: "modern" | "legacy"): JsonObject | undefined {
  if (!isObject(given)) return undefined;
  const name = stringAt(given, "name");
  const input = own(given, "inputSchema");
  if (name === undefined || !isToolName(name) || !isOffered(server, name) || !isObject(input)) return undefined;
  if (own(input, "type") !== "object") return undefined;
  try {
    const output = own(given, "outputSchema");
    const isKnownOutput = isObject(output) && (era === "modern" || own(output, "type") === "object");
    const annotations = objectAt(given, "annotations");
    const title = stringAt(given, "title");
    const description = stringAt(given, "description");
    return {
      name: server.prefix + name,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      inputSchema: inputSchema(input),
      ...(isKnownOutput && { outputSchema: outputSchema(output) }),
      annotations: cleanAnnotations(annotations),
    };
  } catch {
    return undefined;
  }
}

function cleanAnnotations(given: JsonObject): JsonObject {
  const hints = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
  const known = hints.flatMap((hint) => (typeof own(given, hint) === "boolean" ? [[hint, own(given, hint)]] : []));
  const title = stringAt(given, "title");
  return {
    ...(title !== undefined && { title }),
    ...Object.fromEntries(known),
  };
}

function isToolName(name: string): boolean {
  return name.length > 0 && name.length <= 256 && name.isWellFormed();
}

function isOffered(server: UpstreamServer, name: string): boolean {
  return server.tools === undefined || server.tools.has(name);
}

/** Calls a tool through the monitor. */
export function callTool(context: ExchangeContext, params: JsonObject): Promise<Answer> | Answer {
  const name = stringAt(params, "name");
  const args = own(params, "arguments") ?? {};
  if (name === undefined || !isToolName(name))
    return refusal(CODE.invalidParams, "The name of the tool must be a string");
  if (!isObject(args)) return refusal(CODE.invalidParams, "The arguments of a tool must be an object");
  if (own(params, "inputResponses") !== undefined || own(params, "requestState") !== undefined) {
    return refusal(CODE.invalidParams, "No input was asked for");
  }
  // No prefix begins another, so at most one server is meant.
  const server = context.settings.servers.find(({ prefix }) => name.startsWith(prefix));
  const tool = server && name.slice(server.prefix.length);
  if (server === undefined || tool === undefined || tool === "" || !isOffered(server, tool)) {
    return refusal(CODE.invalidParams, "The tool is unknown");
  }
  return runTool(context, { server, tool, args });
}

/** Calls a tool through the monitor and words the answer. */
export async function runTool(context: ExchangeContext, call: GuardedCall): Promise<Answer> {
  const { era } = context;
  let given: JsonObject | undefined;
  let error: RpcError | undefined;
  const outcome = await guardedCall(context, call, async (connection, options) => {
    const reply: UpstreamReply = await connection.request(
      "tools/call",
      { name: call.tool, arguments: call.args },
      options,
    );
    if ("error" in reply) {
      error = reply.error;
      given = refusedResult(error);
    } else given = cleanResult(reply.result, era);
    return given;
  });
  const { server, tool, args } = call;
  const result = error === undefined ? given : undefined;
  tellExchange(context.settings, {
    agent: context.agentId,
    server: server.id,
    tool,
    args,
    ...(result !== undefined && { result }),
  });
  return toolAnswer(outcome, given, error, era);
}
