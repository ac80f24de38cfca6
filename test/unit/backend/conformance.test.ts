// The conformance kit itself: backends that are wrong in one way each must fail the cases that are about it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Backend } from "../../../src/backend/backend.ts";
import { functionBackend } from "../../../src/backend/function.ts";
import { BackendError } from "../../../src/errors.ts";
import { type BackendHandler, testBackend } from "../../../src/testing/backend-conformance.ts";

type Break = (good: Backend, handler: BackendHandler) => Partial<Backend>;

const wrong: Readonly<Record<string, { readonly change: Break; readonly fails: RegExp }>> = {
  "throws errors of its own": {
    change: (_, handler) => ({ callTool: (tool, args) => handler(tool, args, new AbortController()) }),
    fails: /what the far end throws into a fault/,
  },
  "asks although the signal is aborted": {
    change: (good) => ({ callTool: (tool, args) => good.callTool(tool, args) }),
    fails: /does not ask when the signal is aborted already/,
  },
  "gives the last answer to everybody": {
    change: (good) => {
      let last: unknown;
      return {
        async callTool(tool, args, options) {
          last = await good.callTool(tool, args, options);
          await new Promise((resolve) => setTimeout(resolve, 5));
          return last;
        },
      };
    },
    fails: /100 concurrent questions/,
  },
  "adds to the arguments": {
    change: (good) => ({
      callTool: (tool, args, options) => good.callTool(tool, Object.assign(args as object, { more: 1 }), options),
    }),
    fails: /leaves the arguments alone/,
  },
  "loses arguments": {
    change: (good) => ({ callTool: (tool, _args, options) => good.callTool(tool, {}, options) }),
    fails: /in the arguments/,
  },
  "says that it is synchronous": {
    change: () => ({ synchronous: true }),
    fails: /says truly whether it is synchronous/,
  },
  "answers after it was closed": { change: () => ({ close() {} }), fails: /answers nothing after it was closed/ },
  "calls every fault transient": {
    change: (good) => ({
      async callTool(tool, args, options) {
        try {
          return await good.callTool(tool, args, options);
        } catch (error) {
          if (!(error instanceof BackendError)) throw error;
          throw new BackendError(error.message, { transient: true });
        }
      },
    }),
    fails: /a fault that is not transient/,
  },
  "drops what is outside ASCII": {
    change: (good) => ({
      async callTool(tool, args, options) {
        const answer = JSON.stringify(await good.callTool(tool, args, options));
        return JSON.parse(answer.replace(/[^ -~]/g, "?"));
      },
    }),
    fails: /text outside ASCII/,
  },
};

for (const [name, { change, fails }] of Object.entries(wrong)) {
  test(`the kit finds a backend that ${name}`, async () => {
    const cases = testBackend({
      name: "wrong",
      capabilities: { large: false },
      create(handler) {
        const good = functionBackend(handler);
        return { ...good, ...change(good, handler) };
      },
    });
    const about = cases.filter((one) => fails.test(one.name));
    assert(about.length > 0, "no case has that name");
    let failed = 0;
    for (const { run } of about) await run().catch(() => failed++);
    assert(failed > 0, "every case about it passed");
  });
}
