// The public decision, evaluate, on its vectors, in any runtime.

import vectors from "../vectors/difc/evaluate.json" with { type: "json" };
import misuse from "../vectors/difc/evaluate-misuse.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import type { Environment, Library, Runner } from "./suite.ts";

export function difcSuite(runner: Runner, library: Library, _environment: Environment): void {
  for (const vector of vectors.cases) {
    const { name, mode, operation, agent, resource, want } = vector;
    runner.test(`evaluate: ${name}`, () => {
      const question = { mode, operation, agent, resource } as Parameters<typeof library.evaluate>[0];
      const before = JSON.stringify(question);
      const { reason, ...rest } = library.evaluate(question);
      equal(rest, want);
      ok(
        (reason === undefined) === (want.decision === "allow"),
        `There is a reason unless the answer is allow: ${reason}`,
      );
      for (const part of ("reason" in vector ? vector.reason : undefined) ?? []) {
        ok(reason?.includes(part), `The reason says ${part}: ${reason}`);
      }
      ok(JSON.stringify(question) === before, "The question stays as it was");
    });
  }
  for (const { name, question, error, message } of misuse.cases) {
    runner.test(`evaluate, misuse: ${name}`, async () => {
      const thrown = await rejects(() => library.evaluate(question as never));
      ok(thrown.name === error, `${error} is thrown: ${thrown}`);
      ok(thrown.message.includes(message), `The message names ${message}: ${thrown.message}`);
    });
  }
}
