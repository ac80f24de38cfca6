// One answer as JSON when it comes soon, as an event stream with progress when it takes its time.
import type { Alarm } from "./alarm.ts";
import { eventStream, STREAM_HEADERS } from "./event-stream.ts";
import type { ExchangeContext } from "./guarded-call.ts";
import { type Answer, CODE, encodeAnswer, type RequestId, refusal } from "./messages.ts";
import type { ProxySettings } from "./options.ts";

export interface Replying {
  readonly id: RequestId;
  readonly settings: ProxySettings;
  readonly alarm: Alarm;
  readonly takesJson: boolean;
  readonly takesStream: boolean;
  readonly progressToken: RequestId | undefined;
  /** Hears that the client left the stream. */
  readonly onLeave: () => void;
  /** Never rejects; `undefined` when nobody waits for the answer. */
  readonly work: (onProgress: ExchangeContext["onProgress"]) => Promise<Answer | undefined>;
  readonly respond: (answer: Answer | undefined) => Response;
  /** Called once nothing goes on any more. */
  readonly release: () => void;
}

const SLOW: unique symbol = Symbol("slow");

export async function answerInTime(replying: Replying): Promise<Response> {
  const { id, settings, alarm, takesJson, takesStream, progressToken, work, respond } = replying;
  let onEvent: ((progress: number, total: number | undefined) => void) | undefined;
  const early: [number, number | undefined][] = [];
  let last = Number.NEGATIVE_INFINITY;
  let wake: (() => void) | undefined;
  const onProgress = (progress: number, total: number | undefined): void => {
    // Numbers must grow (2025-11-25, Progress); others would only carry something else.
    if (progress <= last) return;
    last = progress;
    if (onEvent !== undefined) onEvent(progress, total);
    else early.push([progress, total]);
    wake?.();
  };
  const working = work(takesStream && progressToken !== undefined ? onProgress : undefined);
  if (!takesStream) return respond(await working);
  if (takesJson) {
    const first = await new Promise<Answer | typeof SLOW | undefined>((resolve) => {
      wake = () => resolve(SLOW);
      alarm.after(settings.streamAfterMs, wake);
      working.then(resolve);
    });
    if (first !== SLOW) return respond(first);
  }
  const stream = eventStream(settings.keepAliveMs, replying.onLeave);
  onEvent = (progress, total) => {
    const params = {
      progressToken,
      progress,
      ...(total !== undefined && { total }),
    };
    stream.offer(
      JSON.stringify({
        jsonrpc: "2.0",
        method: "notifications/progress",
        params,
      }),
    );
  };
  for (const [progress, total] of early) onEvent(progress, total);
  working.then((answer) => {
    if (answer !== undefined) stream.send(encoded(id, answer));
    stream.close();
    replying.release();
  });
  return new Response(stream.body, { headers: STREAM_HEADERS });
}

function encoded(id: RequestId, answer: Answer): string {
  try {
    return encodeAnswer(id, answer);
  } catch {
    return encodeAnswer(id, refusal(CODE.internal, "The result is withheld: it cannot be encoded"));
  }
}
