// The module that a Node thread runs to host a guard: edge-guard/node starts it.
import { parentPort } from "node:worker_threads";
import { serveGuard } from "../guard/worker-host.ts";

if (parentPort === null) throw new TypeError("Cannot serve a guard: this module runs inside a worker thread only");
const port = parentPort;
serveGuard({
  postMessage: (message) => port.postMessage(message),
  addEventListener: (_type, listener) => void port.on("message", (data: unknown) => listener({ data } as MessageEvent)),
});
