// edge-guard test: whether scenarios come out as they expect.
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { preview } from "../monitor/preview.ts";
import { UsageError } from "./arguments.ts";
import { type Command, EXIT, guardFlags, helpFlag } from "./command.ts";
import { guardFinder } from "./guards.ts";
import { junitXml } from "./junit.ts";
import { mismatchText } from "./report.ts";
import { type Paint, printable, printableJson } from "./terminal.ts";
import type { TestedFile } from "./tested.ts";

export const testCommand: Command = {
  usage: "edge-guard test [flags] <scenario.json or folder>...",
  about:
    "Runs scenarios and compares them with what they expect. Exit code 0: as expected, 1: not, 2: could not be run.",
  flags: {
    json: { type: "boolean", usage: "--json", help: "Writes the results as JSON." },
    junit: { type: "string", usage: "--junit <file.xml>", help: "Writes the results as JUnit XML, too." },
    ...guardFlags,
    help: helpFlag,
  },
  async run(given, { out, paint }, surroundings) {
    if (given.positionals.length === 0) throw new UsageError("Cannot test: name at least one scenario or folder");
    const files = await scenarioFiles(given.positionals);
    if (files.length === 0) throw new UsageError(`Cannot test: no .json file in ${given.positionals.join(", ")}`);
    const asJson = given.values["json"] === true;
    const tested: TestedFile[] = [];
    for (const file of files) {
      const result = await testFile(file, guardFinder(file, given, surroundings));
      tested.push(result);
      if (!asJson) out(fileText(result, paint));
    }
    const failed = tested.filter(({ report }) => report?.passed === false).length;
    const broken = tested.filter(({ report }) => report === undefined).length;
    if (asJson) out(`${printableJson(tested, 2)}\n`);
    else out(summaryText(tested.length, failed, broken, paint));
    const junit = given.values["junit"];
    if (typeof junit === "string") await writeFile(junit, junitXml(tested));
    return broken > 0 ? EXIT.cannotRun : failed > 0 ? EXIT.failed : EXIT.ok;
  },
};

/** Named files as they are; of folders every .json file below that is not a schema, in the order of names. */
async function scenarioFiles(named: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of named) {
    if (!(await stat(path)).isDirectory()) {
      files.push(path);
      continue;
    }
    const found = await readdir(path, { recursive: true });
    const scenarios = found.filter((name) => name.endsWith(".json") && !name.endsWith(".schema.json"));
    files.push(...scenarios.sort().map((name) => join(path, name)));
  }
  return [...new Set(files)];
}

async function testFile(file: string, guards: ReturnType<typeof guardFinder>): Promise<TestedFile> {
  const started = performance.now();
  const since = (): number => performance.now() - started;
  try {
    const report = await preview(await readFile(file, "utf8"), { guards, fuel: true });
    return { file, milliseconds: since(), report };
  } catch (error) {
    return { file, milliseconds: since(), error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function fileText({ file, report, error }: TestedFile, paint: Paint): string {
  const name = printable(file);
  if (report === undefined) return `${paint("red", "cannot run")}  ${name}\n  ${printable(error?.message ?? "")}\n`;
  if (report.passed) return `${paint("green", "as expected")} ${name}\n`;
  const differences = report.calls.map((call) => mismatchText(call, paint)).join("");
  const missing = report.missingAnswers.map(({ server, tool, args }) => {
    return `  unanswered: servers.${printable(server)}.backend ${printableJson({ tool, args })}\n`;
  });
  return `${paint("red", "differs")}     ${name}\n${differences}${missing.join("")}`;
}

function summaryText(all: number, failed: number, broken: number, paint: Paint): string {
  const fine = all - failed - broken;
  const text = `${all} ${all === 1 ? "scenario" : "scenarios"}: ${fine} as expected, ${failed} not, ${broken} could not be run`;
  return `\n${paint(fine === all ? "green" : "red", text)}\n`;
}
