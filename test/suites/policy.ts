// parsePolicy on its vectors, in any runtime.
import invalid from "../vectors/policy/invalid.json" with { type: "json" };
import valid from "../vectors/policy/valid.json" with { type: "json" };
import { equal, ok, rejects } from "./assert.ts";
import type { Environment, Library, Runner } from "./suite.ts";

export function policySuite(runner: Runner, library: Library, _environment: Environment): void {
  for (const { name, input, policy } of valid.cases) {
    runner.test(`parsePolicy: ${name}`, () => {
      const parsed = library.parsePolicy(input);
      equal(parsed, policy);
      ok(library.parsePolicy(parsed) === parsed, "A parsed policy is returned as it is");
    });
  }
  for (const { name, input, path, message } of invalid.cases) {
    runner.test(`parsePolicy refuses: ${name}`, async () => {
      const error = await rejects(() => library.parsePolicy(input));
      ok(error.name === "PolicyError", `A PolicyError is thrown: ${error}`);
      ok((error as { path?: string }).path === path, `The path is ${path}: ${(error as { path?: string }).path}`);
      for (const part of message) ok(error.message.includes(part), `The message says ${part}: ${error.message}`);
    });
  }
}
