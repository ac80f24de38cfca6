// What an identified caller sends: a message by POST, or the wish to hear of changes by GET.
import { type JsonObject, own } from "../difc/json.ts";
import { TimeoutError } from "../errors.ts";
import type { Alarm } from "./alarm.ts";
import { readBody } from "./body.ts";
import type { Callers, Identity } from "./callers.ts";
import { listen, openStream } from "./changes.ts";
import { CANCELLED, runMethod } from "./dispatch.ts";
import { type ExchangeContext, tell } from "./guarded-call.ts";
import { readMessage } from "./inbound.ts";
import { type Answer, CODE, HEADER, isRequestId, objectAt, type RequestId, refusal, stringAt } from "./messages.ts";
import type { ProxySettings } from "./options.ts";
import type { Place } from "./places.ts";
import { answerInTime } from "./reply.ts";
import { answerResponse } from "./responses.ts";
import { onAbort } from "./signals.ts";

/** One request of somebody who is known. */
export interface Caller extends Place {
  readonly request: Request;
  readonly identity: Identity;
  /** The monitor's id for it. */
  readonly agentId: string;
  readonly alarm: Alarm;
  /** Keeps a Worker awake until the work is over. */
  readonly keep: (work: Promise<unknown>) => void;
}

export interface Requests {
  post(caller: Caller): Promise<Response>;
  stream(caller: Caller): Promise<Response>;
}

export function createRequests(settings: ProxySettings, callers: Callers): Requests {
  const { bounds } = settings;
  /** Requests that a client of the older form may cancel, and how. */
  const running = new Map<string, () => void>();

  /** The stream of a session of the older form. */
  async function stream(caller: Caller): Promise<Response> {
    const { request, controller, release, alarm } = caller;
    const context = contextFor(caller, "legacy", {});
    const stop = (): void => controller.abort();
    const withdraw = alarm.after(bounds.streamMs, stop);
    const end = (): void => {
      withdraw();
      release();
    };
    try {
      // Nothing is kept that could be sent again, so a stream cannot be taken up where it broke off.
      const resumes = request.headers.has(HEADER.lastEvent);
      const accepts = !resumes && /text\/event-stream|\*\/\*/.test(request.headers.get("accept") ?? "");
      const response = accepts && (await openStream(context, end, { stop, signal: controller.signal }));
      if (response) return response;
    } catch (error) {
      end();
      throw error;
    }
    end();
    return new Response(null, {
      status: 405,
      headers: { allow: "POST, DELETE" },
    });
  }

  async function post(caller: Caller): Promise<Response> {
    const { request, identity, controller, release, alarm, keep } = caller;
    const respond = (id: RequestId | null, answer: Answer): Response => {
      release();
      return answerResponse(request, id, answer);
    };
    const refuse = (id: RequestId | null, answer: Answer, method?: string): Response => {
      if ("error" in answer) {
        const { status = 200, error } = answer;
        tell(settings, {
          type: "refusal",
          principal: identity.principal,
          method,
          status,
          reason: error.message,
        });
      }
      return respond(id, answer);
    };
    const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json")
      return refuse(null, refusal(CODE.invalidRequest, "The body must be application/json", 415));
    const accept = request.headers.get("accept") ?? "*/*";
    const takesJson = /application\/(json|\*)|\*\/\*/.test(accept);
    const takesStream = /text\/(event-stream|\*)|\*\/\*/.test(accept);
    if (!takesJson && !takesStream) {
      return refuse(
        null,
        refusal(CODE.invalidRequest, "The client must accept application/json or text/event-stream", 406),
      );
    }
    const body = await readBody(request, bounds.requestBytes, bounds.bodyMs, alarm);
    if (typeof body !== "string") return refuse(null, body.refused);
    const inbound = readMessage(body, request.headers);
    if ("refused" in inbound) return refuse(inbound.id, inbound.refused);
    const { id, method, params, era } = inbound;
    if (id === undefined) {
      if (method === "notifications/cancelled") cancel(caller, params);
      release();
      return new Response(null, { status: 202 });
    }

    const meta = objectAt(params, "_meta");
    if (method === "subscriptions/listen" && era === "modern") {
      const context = contextFor(caller, era, meta);
      const stop = (): void => controller.abort();
      const withdraw = alarm.after(bounds.streamMs, stop);
      onAbort(request.signal, stop);
      const end = (): void => {
        withdraw();
        release();
      };
      const answer = await listen(context, id, params, end, {
        stop,
        signal: controller.signal,
      });
      if (answer instanceof Response) return answer;
      withdraw();
      return refuse(id, answer, method);
    }

    const key = era === "legacy" ? requestKey(caller, id) : undefined;
    if (key !== undefined && running.has(key)) {
      return refuse(id, refusal(CODE.invalidRequest, "A request with this id is under way", 400), method);
    }
    const late = (): void => controller.abort(new TimeoutError(`The request took longer than ${bounds.callMs} ms`));
    alarm.after(bounds.callMs, late);
    const leave = (): void => controller.abort(CANCELLED);
    // By way of a promise: in Workers one request cannot abort what another does, but it can settle what another waits for.
    if (key !== undefined) new Promise<void>((resolve) => void running.set(key, resolve)).then(leave);
    // In the older form a client that leaves has not cancelled (2025-11-25, Transports); here nobody could tell it the answer.
    const withdraw = era === "modern" ? onAbort(request.signal, leave) : undefined;
    const token = own(meta, "progressToken");
    const dispatched = (onProgress: ExchangeContext["onProgress"]): Promise<Answer | undefined> => {
      const work = runMethod(inbound, contextFor(caller, era, meta, onProgress)).finally(() => {
        alarm.stop();
        withdraw?.();
        if (key !== undefined) running.delete(key);
      });
      keep(work);
      return work;
    };
    return answerInTime({
      id,
      settings,
      alarm,
      takesStream,
      takesJson,
      progressToken: isRequestId(token) ? token : undefined,
      onLeave: era === "modern" ? leave : () => {},
      work: dispatched,
      respond: (answer) => {
        if (answer !== undefined) return refuse(id, answer, method);
        release();
        return new Response(null, { status: 202 });
      },
      release,
    });
  }

  function cancel(caller: Caller, params: JsonObject): void {
    const id = own(params, "requestId");
    const key = isRequestId(id) ? requestKey(caller, id) : undefined;
    if (key !== undefined) running.get(key)?.();
  }

  function contextFor(
    { request, identity, agentId, controller: { signal } }: Caller,
    era: "modern" | "legacy",
    meta: JsonObject,
    onProgress?: ExchangeContext["onProgress"],
  ): ExchangeContext {
    return {
      settings,
      callers,
      identity,
      agentId,
      request,
      era,
      signal,
      onProgress,
      trace: traceOf(meta, request.headers),
    };
  }

  return { post, stream };
}

/** By caller and session: ids are the client's, and so may be another client's too. Without a session nothing can be told apart. */
function requestKey({ agentId, request }: Caller, id: RequestId): string | undefined {
  const session = request.headers.get(HEADER.session);
  return session === null ? undefined : JSON.stringify([agentId, session, id]);
}

function traceOf(meta: JsonObject, headers: Headers): Record<string, string> {
  const traceparent = stringAt(meta, "traceparent") ?? headers.get("traceparent");
  if (traceparent === null || !/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) return {};
  return { traceparent };
}
