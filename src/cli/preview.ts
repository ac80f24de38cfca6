// edge-guard preview: what an agent would see in a scenario.
import { readFile } from "node:fs/promises";
import { preview } from "../monitor/preview.ts";
import { UsageError } from "./arguments.ts";
import { type Command, EXIT, guardFlags, helpFlag } from "./command.ts";
import { guardFinder } from "./guards.ts";
import { reportText } from "./report.ts";
import { printableJson } from "./terminal.ts";

export const previewCommand: Command = {
  usage: "edge-guard preview [flags] <scenario.json>",
  about: "Runs a scenario and shows, call by call, what the agent may see and why.",
  flags: {
    json: { type: "boolean", usage: "--json", help: "Writes the report as JSON." },
    ...guardFlags,
    help: helpFlag,
  },
  async run(given, { out, paint }, surroundings) {
    const [file, ...others] = given.positionals;
    if (file === undefined || others.length > 0) {
      throw new UsageError(`Cannot preview: one scenario is needed, got ${given.positionals.length}`);
    }
    const text = await readFile(file, "utf8");
    // Counting, in every runtime: the report is the same in all, and a guard that runs away ends.
    const report = await preview(text, { guards: guardFinder(file, given, surroundings), fuel: true });
    out(given.values["json"] ? `${printableJson(report, 2)}\n` : reportText(report, paint));
    return EXIT.ok;
  },
};
