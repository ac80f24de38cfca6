// edge-guard inspect: what a module needs and offers, and whether it can be a guard.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type GuardReport, inspectGuard } from "../wasm/inspect.ts";
import { UsageError } from "./arguments.ts";
import { type Command, EXIT, helpFlag } from "./command.ts";
import { type Paint, printable, printableJson } from "./terminal.ts";

export const inspectCommand: Command = {
  usage: "edge-guard inspect [flags] <guard.wasm>",
  about: "Shows a module's imports, exports, limits and problems. Exit code 1 when it cannot be a guard.",
  flags: {
    json: { type: "boolean", usage: "--json", help: "Writes the report as JSON." },
    help: helpFlag,
  },
  async run(given, { out, paint }) {
    const [file, ...others] = given.positionals;
    if (file === undefined || others.length > 0) {
      throw new UsageError(`Cannot inspect: one module is needed, got ${given.positionals.length}`);
    }
    const bytes = await readFile(file);
    const report = inspectGuard(bytes);
    const digest = createHash("sha256").update(bytes).digest();
    const sha256 = digest.toString("hex");
    const integrity = `sha256-${digest.toString("base64")}`;
    out(
      given.values["json"]
        ? `${printableJson({ file, sha256, integrity, ...report }, 2)}\n`
        : inspectionText(file, sha256, integrity, report, paint),
    );
    return report.ok ? EXIT.ok : EXIT.failed;
  },
};

function inspectionText(file: string, sha256: string, integrity: string, report: GuardReport, paint: Paint): string {
  const { memory } = report;
  const facts: [string, string][] = [
    ["Size", `${report.size} bytes`],
    ["SHA-256", sha256],
    ["Integrity", integrity],
    [
      "Memory",
      memory === undefined ? "none" : `${memory.minimumPages} pages at first, ${memory.maximumPages ?? "no"} maximum`,
    ],
    ["Buffers", report.buffers === "guest" ? "from the guard's alloc and dealloc" : "on pages that the host grows"],
    ["Asks backend", report.callsBackend ? "yes" : "no"],
    ["WASI", report.wasi ? "yes" : "no"],
    [
      "Checkpoints",
      report.checkpoint.possible
        ? "possible"
        : `not possible: ${printable(report.checkpoint.obstacle ?? "see the problems")}`,
    ],
    ["Globals", `${report.mutableGlobals} mutable`],
    ["Prepared", report.prepared ? `yes, ${report.counts ? "with" : "without"} fuel` : "no"],
    ["Made by", report.producers.map(printable).join(", ") || "not said"],
  ];
  const lines = facts.map(([name, value]) => `  ${name.padEnd(12)}  ${value}\n`);
  const list = (title: string, entries: readonly string[]): string =>
    `${title}\n${entries.length === 0 ? "  none\n" : entries.map((entry) => `  ${printable(entry)}\n`).join("")}`;
  const imports = report.imports.map(({ module, name, kind, signature }) => `${module}.${name}  ${signature ?? kind}`);
  const exports = report.exports.map(({ name, kind, signature }) => `${name}  ${signature ?? kind}`);
  const verdict = report.ok
    ? paint("green", "It can be a guard.\n")
    : paint("red", "It cannot be a guard:\n") +
      report.problems.map(({ code, message }) => `  ${code}: ${printable(message)}\n`).join("");
  return `${paint("bold", printable(file))}\n${lines.join("")}${list("Imports", imports)}${list("Exports", exports)}${verdict}`;
}
