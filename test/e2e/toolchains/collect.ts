// Runs the toolchains' suite in a runtime without a test runner of its own and gives the outcomes as data.
import * as library from "edge-guard";
import type { Environment } from "../../suites/suite.ts";
import { toolchainsSuite } from "../../suites/toolchains.ts";

export interface Outcome {
  readonly name: string;
  /** Absent: passed. */
  readonly error?: string;
}

export async function collect(environment: Environment): Promise<Outcome[]> {
  const tests: { name: string; body: () => void | Promise<void> }[] = [];
  toolchainsSuite({ test: (name, body) => void tests.push({ name, body }) }, library, environment);
  const outcomes: Outcome[] = [];
  for (const { name, body } of tests) {
    try {
      await body();
      outcomes.push({ name });
    } catch (error) {
      outcomes.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  return outcomes;
}
