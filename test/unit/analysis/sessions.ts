// Made-up sessions for property tests: the arguments of a call say how it is labelled, so that every history is possible.
import fc from "fast-check";
import type { Labels, Mode, Operation } from "../../../src/difc/labels.ts";
import type { Guard } from "../../../src/guard/guard.ts";
import type { Scenario } from "../../../src/monitor/scenario.ts";

export interface Step {
  readonly server: "a" | "b";
  readonly operation: Operation;
  readonly resource: Labels;
  readonly items: readonly Labels[] | null;
  /** Content beside the items. */
  readonly image: boolean;
}

export interface Session {
  readonly scenario: Scenario;
  readonly guards: Readonly<Record<string, Guard>>;
}

const tags = fc.uniqueArray(fc.constantFrom("p", "q", "r", "*"), { maxLength: 3 });
const labels: fc.Arbitrary<Labels> = fc.record({ secrecy: tags, integrity: tags });
const plain = fc.uniqueArray(fc.constantFrom("p", "q", "r"), { maxLength: 3 });
const base: fc.Arbitrary<Labels> = fc.record({ secrecy: plain, integrity: plain });
const mode: fc.Arbitrary<Mode> = fc.constantFrom("strict", "filter", "propagate");
const step: fc.Arbitrary<Step> = fc.record({
  server: fc.constantFrom("a" as const, "a" as const, "b" as const),
  operation: fc.constantFrom("read" as const, "read" as const, "write" as const, "read-write" as const),
  resource: labels,
  items: fc.option(fc.array(labels, { maxLength: 4 }), { nil: null }),
  image: fc.boolean(),
});

function guardFor(agent: Labels, ofMode: Mode): Guard {
  return {
    name: "scripted",
    labelAgent: async () => ({ agent, mode: ofMode }),
    labelResource: async ({ args }) => {
      const { resource, operation } = args as Step;
      return { ...resource, description: "thing", operation };
    },
    labelResponse: async ({ args }) => {
      const { items } = args as Step;
      return items === null
        ? null
        : { labeledPaths: items.map((item, index) => ({ path: `/${index}`, labels: item })) };
    },
    close: async () => {},
  };
}

function resultOf({ items, image }: Step): unknown {
  const data = (items ?? [0]).map((_, index) => `thing ${index}`);
  if (!image) return data;
  const text = { type: "text", text: JSON.stringify(data) };
  return { content: [text, { type: "image", data: "AA==", mimeType: "image/png" }] };
}

/** A session of one or two servers in one mode. */
export const session: fc.Arbitrary<Session> = fc
  .record({ first: base, second: base, mode, agent: base, steps: fc.array(step, { maxLength: 8 }), both: fc.boolean() })
  .map(({ first, second, mode: ofMode, agent, steps, both }) => ({
    guards: { "a.wasm": guardFor(first, ofMode), "b.wasm": guardFor(second, ofMode) },
    scenario: {
      servers: { a: { guard: { wasm: "a.wasm" } }, ...(both && { b: { guard: { wasm: "b.wasm" } } }) },
      agent,
      calls: steps.map((args, index) => ({
        server: both ? args.server : "a",
        tool: index % 2 === 0 ? "list_x" : "get_x",
        args,
        result: resultOf(args),
      })),
    },
  }));
