// The worker that evaluates scenarios: guards run here, never in the page. Answers pings, so that the page can tell busy from waiting.
import { toErrorViews } from "./errors.ts";
import type { FromWorker, Progress, ToWorker } from "./protocol.ts";
import { createRunner } from "./runner.ts";

const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
const runner = createRunner();
const underWay = new Map<number, AbortController>();

scope.onmessage = ({ data }) => {
  if (data.type === "ping") return scope.postMessage({ type: "alive" });
  if (data.type === "cancel") return underWay.get(data.id)?.abort();
  const { id, request } = data;
  const abort = new AbortController();
  underWay.set(id, abort);
  const tell = (progress: Progress) => scope.postMessage({ type: "progress", id, progress });
  runner
    .handle(request, { tell, signal: abort.signal })
    .then(
      (value) => scope.postMessage({ type: "answer", id, value }),
      (thrown: unknown) => scope.postMessage({ type: "failure", id, errors: toErrorViews(thrown) }),
    )
    .finally(() => underWay.delete(id));
};
scope.postMessage({ type: "alive" });
