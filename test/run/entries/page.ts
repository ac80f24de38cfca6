// Every suite in a web page. The settings stand in the address; lines are posted to where they say.
import * as library from "edge-guard";
import { reportSuites, type Settings } from "../every-suite.ts";

const settings = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Settings & { readonly report: string };
let pending: string[] = [];
let sending = Promise.resolve();

function send(): void {
  if (pending.length === 0) return;
  const body = pending.join("\n");
  pending = [];
  // Another origin that need not answer readably: a simple request, as a form's.
  sending = sending.then(async () => void (await fetch(settings.report, { method: "POST", mode: "no-cors", body })));
}
const timer = setInterval(send, 200);

await reportSuites(
  library,
  {
    name: settings.name,
    async guard(name) {
      const response = await fetch(`/guards/${name}.wasm`);
      if (!response.ok) throw new Error(`There is no guard "${name}" to test with`);
      return new Uint8Array(await response.arrayBuffer());
    },
    createWorker: () => new Worker("/node_modules/edge-guard/dist/web/guard-worker.js", { type: "module" }),
    playground: new URL("/playground/", location.href).href,
    elementModule: "/node_modules/edge-guard/dist/web/policy-preview.js",
    endsLoops: settings.endsLoops,
  },
  settings,
  navigator.userAgent,
  (line) => void pending.push(line),
);
clearInterval(timer);
send();
