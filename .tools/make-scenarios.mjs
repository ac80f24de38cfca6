// Writes demo/scenarios/*.json. Seeded: the same source gives the same files, which are committed. Run with --check to compare only.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { attackScenarios } from "./make-scenarios/attacks.mjs";
import { evidenceScenarios } from "./make-scenarios/evidence.mjs";
import { opinionScenarios } from "./make-scenarios/opinions.mjs";
import { resultScenarios } from "./make-scenarios/results.mjs";
import { scopeScenarios } from "./make-scenarios/scopes.mjs";

const folder = fileURLToPath(new URL("../demo/scenarios/", import.meta.url));
const SCHEMA = "https://edge-guard.dev/schema/scenario.schema.json";

/** JSON for people: what is short stays on one line, and so does each item of a result. */
function layout(value, indent = "", inResult = false) {
  const flat = JSON.stringify(value);
  if (value === null || typeof value !== "object" || flat.length + indent.length < 130) return spaced(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => deeper + (inResult ? JSON.stringify(item) : layout(item, deeper))).join(",\n")}\n${indent}]`;
  }
  const lines = Object.entries(value).map(
    ([key, item]) => `${deeper}${JSON.stringify(key)}: ${layout(item, deeper, inResult || key === "result")}`,
  );
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function spaced(value) {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`).join(", ")} }`;
}

/** Every scenario by its file name, without the ending. */
export function makeScenarios() {
  const all = {
    ...evidenceScenarios(),
    ...opinionScenarios(),
    ...scopeScenarios(),
    ...attackScenarios(),
    ...resultScenarios(),
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, scenario]) => [
      name,
      `${layout({ $schema: SCHEMA, ...JSON.parse(JSON.stringify(scenario)) })}\n`,
    ]),
  );
}

const files = makeScenarios();
const check = process.argv.includes("--check");
await mkdir(folder, { recursive: true });
const stale = (await readdir(folder)).filter(
  (name) => name.endsWith(".json") && !Object.hasOwn(files, name.slice(0, -5)),
);
let different = stale.length;
let total = 0;
for (const [name, text] of Object.entries(files)) {
  const path = `${folder}${name}.json`;
  total += text.length;
  const old = await readFile(path, "utf8").catch(() => "");
  if (old === text) continue;
  different++;
  if (!check) await writeFile(path, text);
}
if (!check) for (const name of stale) await rm(folder + name);
console.log(
  `${Object.keys(files).length} scenarios, ${Math.round(total / 1024)} KB, ${different} ${check ? "differ" : "written"}`,
);
if (check && different > 0) process.exit(1);
