// Streams on which clients hear that the list of tools has changed: GET in the older form, subscriptions/listen in 2026-07-28.
import { type JsonObject, own } from "../difc/json.ts";
import { announcesChanges } from "./describe.ts";
import { eventStream, STREAM_HEADERS } from "./event-stream.ts";
import type { ExchangeContext } from "./guarded-call.ts";
import { type Answer, CODE, encodeAnswer, META, type RequestId, refusal } from "./messages.ts";

const LISTEN_AGAIN_MS = 5000;
const CHANGED = "notifications/tools/list_changed";

/** Opens the stream of a session; `undefined` when there is nothing to hear. */
export async function openStream(
  context: ExchangeContext,
  end: () => void,
  bound: StreamBound,
): Promise<Response | undefined> {
  if (!(await announcesChanges(context))) return undefined;
  return relay(context, end, bound, undefined);
}

export interface StreamBound {
  /** Ends what goes on behind the stream. */
  readonly stop: () => void;
  readonly signal: AbortSignal;
}

/** subscriptions/listen. Only changes of tools can be heard: nothing else that changes can be read. */
export async function listen(
  context: ExchangeContext,
  id: RequestId,
  params: JsonObject,
  end: () => void,
  bound: StreamBound,
): Promise<Response | Answer> {
  const wanted = own(params, "notifications");
  if (typeof wanted !== "object" || wanted === null) {
    return refusal(CODE.invalidParams, `"notifications" must be an object`);
  }
  const honored = own(wanted, "toolsListChanged") === true && (await announcesChanges(context));
  return relay(context, end, bound, { id, honored });
}

function relay(
  context: ExchangeContext,
  end: () => void,
  { stop, signal }: StreamBound,
  subscription: { readonly id: RequestId; readonly honored: boolean } | undefined,
): Response {
  const stream = eventStream(context.settings.keepAliveMs, stop);
  const mark = subscription && {
    _meta: { [`${META}subscriptionId`]: subscription.id },
  };
  const notify = (method: string, params: JsonObject = {}): void => {
    stream.offer(
      JSON.stringify({
        jsonrpc: "2.0",
        method,
        ...((mark || method !== CHANGED) && { params: { ...params, ...mark } }),
      }),
    );
  };
  const finish = (): void => {
    if (subscription)
      stream.send(
        encodeAnswer(subscription.id, {
          result: { resultType: "complete", ...mark },
        }),
      );
    stream.close();
    end();
  };
  if (subscription) {
    const notifications = subscription.honored ? { toolsListChanged: true } : {};
    notify("notifications/subscriptions/acknowledged", { notifications });
    if (!subscription.honored) {
      finish();
      return new Response(stream.body, { headers: STREAM_HEADERS });
    }
  }
  const { servers } = context.settings;
  const over = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  for (const server of servers) {
    const hear = async (): Promise<void> => {
      const { connection } = await context.callers.reach(server, context);
      // A server that ends its stream is listened to again, one that has none is asked now and then.
      while (!signal.aborted && connection.listen !== undefined) {
        await connection.listen(() => notify(CHANGED), signal).catch(() => {});
        await Promise.race([over, new Promise((resolve) => setTimeout(resolve, LISTEN_AGAIN_MS))]);
      }
    };
    hear().catch(() => {});
  }
  over.then(finish);
  return new Response(stream.body, { headers: STREAM_HEADERS });
}
