// edge-guard preview: what an agent would see in a scenario, why, and what would change it.
import { readFile } from "node:fs/promises";
import { compareModes } from "../analysis/compare.ts";
import { recordExpectations } from "../analysis/record.ts";
import { suggestChanges } from "../analysis/suggest.ts";
import { preview } from "../monitor/preview.ts";
import { UsageError } from "./arguments.ts";
import { type Command, EXIT, guardFlags, helpFlag } from "./command.ts";
import { guardFinder } from "./guards.ts";
import { reportText } from "./report.ts";
import { printableJson } from "./terminal.ts";
import { modesText, whyText } from "./why.ts";

export const previewCommand: Command = {
  usage: "edge-guard preview [flags] <scenario.json>",
  about: "Runs a scenario and shows, call by call, what the agent may see and why.",
  flags: {
    json: { type: "boolean", usage: "--json", help: "Writes the report as JSON." },
    why: {
      type: "boolean",
      usage: "--why",
      help: "Tries changes of the policies: the smallest that would show or allow something, and what else each does.",
    },
    modes: { type: "boolean", usage: "--modes", help: "Runs the scenario in each mode, side by side." },
    record: {
      type: "boolean",
      usage: "--record",
      help: "Writes the scenario with what came of it as its expectations, for edge-guard test.",
    },
    ...guardFlags,
    help: helpFlag,
  },
  async run(given, { out, paint }, surroundings) {
    const [file, ...others] = given.positionals;
    if (file === undefined || others.length > 0) {
      throw new UsageError(`Cannot preview: one scenario is needed, got ${given.positionals.length}`);
    }
    const { json, why, modes, record } = given.values;
    if (record && (json || why || modes)) {
      throw new UsageError("Cannot preview: --record writes the scenario alone, leave out --json, --why and --modes");
    }
    const text = await readFile(file, "utf8");
    // Counting, in every runtime: the report is the same in all, and a guard that runs away ends.
    const options = { guards: guardFinder(file, given, surroundings), fuel: true };
    const report = await preview(text, options);
    if (record) {
      out(`${printableJson(recordExpectations(text, report), 2)}\n`);
      return EXIT.ok;
    }
    const suggestions = why ? await suggestChanges(text, options) : undefined;
    const compared = modes ? await compareModes(text, options) : undefined;
    if (json) {
      const { changes, tried, complete, unsolved } = suggestions ?? {};
      out(
        `${printableJson(
          {
            ...report,
            ...(suggestions && { suggestions: { changes, tried, complete, unsolved } }),
            ...(compared && { modeRows: compared.rows, firstStop: compared.firstStop }),
          },
          2,
        )}\n`,
      );
      return EXIT.ok;
    }
    out(reportText(report, paint));
    if (compared) out(modesText(compared, paint));
    if (suggestions) out(whyText(suggestions, paint));
    return EXIT.ok;
  },
};
