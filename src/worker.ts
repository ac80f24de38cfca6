// The module that a worker runs to host a guard (workerGuard): edge-guard/worker.
import { serveGuard, type WorkerScope } from "./guard/worker-host.ts";

serveGuard(globalThis as unknown as WorkerScope);
