// Answers as HTTP responses.
import { directOf } from "./direct.ts";
import { type Answer, CODE, encodeAnswer, type RequestId } from "./messages.ts";

/** A refusal before anything of JSON-RPC was understood. */
export function refusedResponse(status: number, reason: string, headers?: Readonly<Record<string, string>>): Response {
  return Response.json(
    { jsonrpc: "2.0", id: null, error: { code: CODE.invalidRequest, message: reason } },
    { status, headers: { "cache-control": "no-store", ...headers } },
  );
}

/** The answer to a message that came with this request. */
export function answerResponse(request: Request, id: RequestId | null, answer: Answer): Response {
  const body = encodeAnswer(id, answer);
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "cache-control": "no-store",
  };
  if ("result" in answer) Object.assign(headers, answer.headers);
  // A text, which runtimes encode faster than what is outside of them can.
  const response = new Response(body, {
    status: ("error" in answer && answer.status) || 200,
    headers,
  });
  directOf(request)?.onText(response, body);
  return response;
}

/** What pages of an allowed origin need. */
export function corsHeaders(origin: string): [string, string][] {
  return [
    ["access-control-allow-origin", origin],
    ["access-control-allow-methods", "POST, GET, DELETE, OPTIONS"],
    [
      "access-control-allow-headers",
      "Content-Type, Accept, Authorization, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID, traceparent",
    ],
    ["access-control-expose-headers", "Mcp-Session-Id"],
    ["vary", "Origin"],
  ];
}
