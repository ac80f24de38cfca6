// The consumer in Deno, which fetches files.
import { triage } from "./triage.ts";

console.log(await triage(fetch(import.meta.resolve("edge-guard/repo-guard.wasm"))));
