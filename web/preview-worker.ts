// The worker that evaluates scenarios: guards run here, never in the page. Answers pings, so that the page can tell busy from waiting.
import { toErrorViews } from "./errors.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { createRunner } from "./runner.ts";

const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
const runner = createRunner();

scope.onmessage = ({ data }) => {
  if (data.type === "ping") return scope.postMessage({ type: "alive" });
  const { id, request } = data;
  runner.handle(request).then(
    (value) => scope.postMessage({ type: "answer", id, value }),
    (thrown: unknown) => scope.postMessage({ type: "failure", id, errors: toErrorViews(thrown) }),
  );
};
scope.postMessage({ type: "alive" });
