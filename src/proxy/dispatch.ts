// Which method does what. Whatever is not named here does not exist.
import { TimeoutError } from "../errors.ts";
import { covers, getPrompt, listCovered, listTemplates, readResource } from "./covered.ts";
import { discover, initialize } from "./describe.ts";
import type { ExchangeContext } from "./guarded-call.ts";
import type { Inbound } from "./inbound.ts";
import { type Answer, CODE, refusal } from "./messages.ts";
import { abortable } from "./signals.ts";
import { callTool, listTools } from "./tools.ts";

/** The reason of a client that has cancelled: nobody waits for an answer. */
export const CANCELLED: unique symbol = Symbol("cancelled");

/** Never rejects; `undefined` when nobody waits for the answer. */
export async function runMethod(inbound: Inbound, context: ExchangeContext): Promise<Answer | undefined> {
  const { signal } = context;
  try {
    // A tool's call ends with the signal by itself.
    if (inbound.method === "tools/call") return await callTool(context, inbound.params);
    return await abortable(dispatch(inbound, context), signal);
  } catch {
    if (signal.reason === CANCELLED) return undefined;
    if (!signal.aborted) return refusal(CODE.internal, "The proxy failed; nothing was released", 500);
    const late = signal.reason instanceof TimeoutError;
    const why = late ? "the deadline passed; the server may have carried it out" : "the proxy is being closed";
    return refusal(CODE.internal, `The request was given up: ${why}`);
  }
}

function dispatch({ method, params, era }: Inbound, context: ExchangeContext): Promise<Answer> | Answer {
  const { servers } = context.settings;
  switch (method) {
    case "tools/list":
      return listTools(context, params);
    case "ping":
      if (era === "legacy") return { result: {} };
      break;
    case "initialize":
      if (era === "legacy") return initialize(context, params);
      break;
    case "server/discover":
      if (era === "modern") return discover(context);
      break;
    case "resources/read":
      if (covers(servers, "resource")) return readResource(context, params);
      break;
    case "resources/list":
      if (covers(servers, "resource")) return listCovered(context, "resource", params);
      break;
    case "resources/templates/list":
      if (covers(servers, "resource")) return listTemplates(context);
      break;
    case "prompts/get":
      if (covers(servers, "prompt")) return getPrompt(context, params);
      break;
    case "prompts/list":
      if (covers(servers, "prompt")) return listCovered(context, "prompt", params);
      break;
  }
  return refusal(CODE.methodNotFound, "The method is not supported", era === "modern" ? 404 : undefined);
}
