// Test results as JUnit XML: a suite per file, a case per call that expects something.
import type { PreviewCall } from "../monitor/outcome.ts";
import { brief } from "./terminal.ts";
import type { TestedFile } from "./tested.ts";

export function junitXml(tested: readonly TestedFile[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="edge-guard">\n${tested.map(suite).join("")}</testsuites>\n`;
}

function suite({ file, report, error, milliseconds }: TestedFile): string {
  const calls = report?.calls ?? [];
  const failures = calls.filter((call) => call.mismatches.length > 0).length;
  const counts = `tests="${report === undefined ? 1 : calls.length}" failures="${failures}" errors="${report === undefined ? 1 : 0}"`;
  const cases =
    report === undefined
      ? `    <testcase name="runs" classname="${xml(file)}"><error message="${xml(error?.message ?? "")}"/></testcase>\n`
      : calls.map((call) => testcase(file, call)).join("");
  return `  <testsuite name="${xml(file)}" ${counts} time="${(milliseconds / 1000).toFixed(3)}">\n${cases}  </testsuite>\n`;
}

function testcase(file: string, { index, server, tool, mismatches }: PreviewCall): string {
  const name = xml(`call ${index}: ${server} ${tool}`);
  if (mismatches.length === 0) return `    <testcase name="${name}" classname="${xml(file)}"/>\n`;
  const lines = mismatches.map(
    ({ path, expected, actual }) => `${path}: expected ${brief(expected)}, got ${brief(actual)}`,
  );
  const failure = `<failure message="${xml(lines[0]!)}">${xml(lines.join("\n"))}</failure>`;
  return `    <testcase name="${name}" classname="${xml(file)}">${failure}</testcase>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function xml(text: string): string {
  // XML 1.0 has no spelling for most control characters and none for lone surrogates.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const legal = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}/gu, "\ufffd");
  return legal.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
