// What came in, decided from the body alone: one JSON-RPC message, its era, and whether the headers agree with it.
import { isObject, type JsonObject, own } from "../difc/json.ts";
import {
  type Answer,
  CODE,
  decodeHeader,
  HEADER,
  headerName,
  isRequestId,
  LEGACY,
  META,
  MODERN,
  objectAt,
  type RequestId,
  refusal,
  stringAt,
} from "./messages.ts";

/** One message of a client, well formed. */
export interface Inbound {
  readonly era: "modern" | "legacy";
  /** Absent for a notification. */
  readonly id?: RequestId;
  readonly method: string;
  readonly params: JsonObject;
}

/** A message that is turned away, with the id to say it to. */
export interface Refused {
  readonly refused: Answer;
  readonly id: RequestId | null;
}

const MAX_DEPTH = 128;
const MAX_METHOD = 200;

/** Reads a message. Never throws: what cannot be understood is refused. */
export function readMessage(text: string, headers: Headers): Inbound | Refused {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return {
      id: null,
      refused: refusal(CODE.parse, "The body is not JSON", 400),
    };
  }
  const invalid = (why: string, id: RequestId | null = null): Refused => ({
    id,
    refused: refusal(CODE.invalidRequest, why, 400),
  });
  if (Array.isArray(message)) return invalid("Batches are not supported: send one message per request");
  if (!isObject(message) || own(message, "jsonrpc") !== "2.0") return invalid("The body is not a JSON-RPC 2.0 message");
  const given = own(message, "id");
  const id = isRequestId(given) ? given : undefined;
  if (given !== undefined && id === undefined) return invalid("The id of a request must be a string or a number");
  const method = own(message, "method");
  // Nothing is ever asked of a client, so there is nothing that it could answer.
  if (typeof method !== "string") return invalid("The message has no method, and no request waits for a response");
  if (method.length === 0 || method.length > MAX_METHOD) return invalid("The name of the method is too long", id);
  const params = own(message, "params") ?? {};
  if (!isObject(params)) return invalid("The parameters must be an object", id);
  const why = ambiguity(message, text);
  if (why !== undefined) return { id: id ?? null, refused: refusal(CODE.invalidParams, why, 400) };
  const inbound = { ...(id !== undefined && { id }), method, params };
  return classify(inbound, headers);
}

/** A body with a claim is of the era that it names; without one it is of the older form. Headers can only contradict. */
function classify(inbound: Omit<Inbound, "era">, headers: Headers): Inbound | Refused {
  const { id = null, method, params } = inbound;
  const refuse = (code: number, why: string, data?: unknown): Refused => ({
    id,
    refused: refusal(code, why, 400, data),
  });
  const header = headers.get(HEADER.version)?.trim();
  const claim = own(objectAt(params, "_meta"), `${META}protocolVersion`);
  if (claim === undefined) {
    if (header === MODERN && inbound.id !== undefined) {
      return refuse(CODE.headerMismatch, `The header names ${MODERN}, the body does not`);
    }
    if (method !== "initialize" && header !== undefined && header !== MODERN && !LEGACY.includes(header)) {
      return refuse(CODE.unsupportedVersion, "The version of the protocol is not supported", supported(header));
    }
    return { ...inbound, era: header === MODERN ? "modern" : "legacy" };
  }
  if (typeof claim !== "string") return refuse(CODE.invalidParams, "The version of the protocol must be a string");
  if (header !== claim && !(header === undefined && inbound.id === undefined)) {
    return refuse(CODE.headerMismatch, "The header MCP-Protocol-Version and the body name different versions");
  }
  if (claim !== MODERN) {
    return refuse(CODE.unsupportedVersion, "The version of the protocol is not supported", supported(claim));
  }
  if (inbound.id !== undefined) {
    if (headers.get(HEADER.method)?.trim() !== method) {
      return refuse(CODE.headerMismatch, "The header Mcp-Method and the body name different methods");
    }
    const name = headerName(method, params);
    const sent = headers.get(HEADER.name)?.trim();
    if (name !== undefined && (sent === undefined || decodeHeader(sent) !== name)) {
      return refuse(CODE.headerMismatch, "The header Mcp-Name and the body name different things");
    }
  }
  return { ...inbound, era: "modern" };
}

function supported(requested: string): JsonObject {
  return { supported: [MODERN], requested: requested.slice(0, 100) };
}

/** The version that an initialize request is answered with. */
export function negotiate(params: JsonObject): string {
  const wanted = stringAt(params, "protocolVersion");
  return wanted !== undefined && LEGACY.includes(wanted) ? wanted : LEGACY[0]!;
}

/** Why guard and server might read something else than was written: both get what is parsed here and encoded again. */
function ambiguity(message: unknown, text: string): string | undefined {
  let level: unknown[] = [message];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `The message is nested more than ${MAX_DEPTH} levels deep`;
    const next: unknown[] = [];
    for (const part of level) {
      if (typeof part === "string") {
        if (!part.isWellFormed()) return surrogates;
      } else if (typeof part === "number") {
        if (isChanged(part, text))
          return "The message holds a number that would change on its way: send it as a string";
      } else if (Array.isArray(part)) {
        for (const element of part) if (element !== null && typeof element !== "boolean") next.push(element);
      } else if (typeof part === "object" && part !== null) {
        for (const key of Object.keys(part)) {
          if (!key.isWellFormed()) return surrogates;
          next.push((part as JsonObject)[key]);
        }
      }
    }
    level = next;
  }
  return undefined;
}

const surrogates = "The message holds lone surrogates";

/** An identifier of 64 bits would name something else. What is written as JavaScript writes it, or with an exponent, is what it says. */
function isChanged(part: number, text: string): boolean {
  if (Number.isSafeInteger(part) || !Number.isInteger(part)) return !Number.isFinite(part);
  return !text.includes(`${part}`) && /\d{16}/.test(text);
}
