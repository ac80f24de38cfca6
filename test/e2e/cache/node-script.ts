// Runs in Node, as an application would: one load through files in a folder, with what the cache told.
import { closeCache, loadGuard } from "edge-guard";
import { fileCache } from "edge-guard/node";

const [url = "", folder = "", warm = ""] = process.argv.slice(2);
const events: string[] = [];
const errors: string[] = [];
const cache = fileCache({ folder });
const guard = await loadGuard(url, {
  cache,
  warmStart: warm === "warm" && { labelAgent: true },
  onCacheEvent({ type, outcome, from, reason, error }) {
    events.push([type, outcome, type === "restored" ? reason : undefined, from].filter(Boolean).join(" "));
    if (error) errors.push(error.message);
  },
});
// Whoever waits for this line knows that the bytes are on their way to the disk.
console.error("loaded");
const { mode } = await guard.labelAgent({ "allow-only": { repos: "public", "min-integrity": "approved" } });
await guard.close();
await closeCache(cache);
console.log(JSON.stringify({ events, mode, errors }));
