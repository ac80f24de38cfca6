// Runs every suite one test after the other, for runtimes without a test runner of their own.
import { type Suite, suites } from "../suites/index.ts";
import type { Environment, Library } from "../suites/suite.ts";

export interface CaseResult {
  readonly suite: string;
  readonly name: string;
  /** Absent when the case passed. */
  readonly failure?: string;
}

/** A test that has not ended after so long never will. */
const maximumMilliseconds = 120_000;

export async function runSuites(
  library: Library,
  environment: Environment,
  report: (result: CaseResult) => void,
  wanted: (suite: string, name: string) => boolean = () => true,
  which: Readonly<Record<string, Suite>> = suites,
): Promise<void> {
  for (const [suite, register] of Object.entries(which)) {
    const cases: { name: string; body: () => void | Promise<void> }[] = [];
    register({ test: (name, body) => void cases.push({ name, body }) }, library, environment);
    for (const { name, body } of cases) {
      if (!wanted(suite, name)) continue;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`Not settled after ${maximumMilliseconds} ms`)), maximumMilliseconds);
      });
      try {
        await Promise.race([body(), late]);
        report({ suite, name });
      } catch (error) {
        report({ suite, name, failure: error instanceof Error ? `${error}\n${error.stack ?? ""}` : String(error) });
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
