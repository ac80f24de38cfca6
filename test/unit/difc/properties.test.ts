// Laws of the decision core, for whatever labels and results there are.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkItems, judgeItem } from "../../../src/difc/check-items.ts";
import { evaluate, evaluateFlow } from "../../../src/difc/evaluate.ts";
import { removeItems } from "../../../src/difc/filter.ts";
import type { Labels, Mode, Operation, Tag } from "../../../src/difc/labels.ts";
import { resolveItems } from "../../../src/difc/response-items.ts";
import { taint, taintAll } from "../../../src/difc/taint.ts";
import { unwrapResult } from "../../../src/difc/tool-result.ts";

const MODES: readonly Mode[] = ["strict", "filter", "propagate"];
const RUNS = { numRuns: 1000 };

const plainTag = fc.constantFrom("a", "b", "c", "d", "__proto__");
const anyTag = fc.oneof({ weight: 6, arbitrary: plainTag }, { weight: 1, arbitrary: fc.constant("*") });
const labelsOf = (tag: fc.Arbitrary<Tag>): fc.Arbitrary<Labels> =>
  fc.record({ secrecy: fc.uniqueArray(tag, { maxLength: 4 }), integrity: fc.uniqueArray(tag, { maxLength: 4 }) });
const labels = labelsOf(anyTag);
const plainLabels = labelsOf(plainTag);
const anyMode = fc.constantFrom(...MODES);

const subset = (a: readonly Tag[], b: readonly Tag[]): boolean => a.every((tag) => b.includes(tag));
const covers = (a: readonly Tag[], b: readonly Tag[]): boolean => b.includes("*") || subset(a, b);

const allowed = (operation: Operation, agent: Labels, resource: Labels): boolean =>
  evaluate({ mode: "strict", operation, agent, resource }).decision === "allow";

test("Without the wildcard the flows are subset laws", () => {
  fc.assert(
    fc.property(plainLabels, plainLabels, (agent, resource) => {
      const read = subset(resource.secrecy, agent.secrecy) && subset(agent.integrity, resource.integrity);
      const write = subset(agent.secrecy, resource.secrecy) && subset(resource.integrity, agent.integrity);
      assert.equal(allowed("read", agent, resource), read);
      assert.equal(allowed("write", agent, resource), write);
      assert.equal(allowed("read-write", agent, resource), read && write);
    }),
    RUNS,
  );
});

test("With the wildcard on a superset side that check passes, elsewhere it is an ordinary tag", () => {
  fc.assert(
    fc.property(labels, labels, (agent, resource) => {
      const read = covers(resource.secrecy, agent.secrecy) && covers(agent.integrity, resource.integrity);
      const write = covers(agent.secrecy, resource.secrecy) && covers(resource.integrity, agent.integrity);
      assert.equal(allowed("read", agent, resource), read);
      assert.equal(allowed("write", agent, resource), write);
      assert.equal(allowed("read-write", agent, resource), read && write);
    }),
    RUNS,
  );
});

test("Reads without the wildcard are reflexive and transitive, and reading down is writing up", () => {
  fc.assert(
    fc.property(plainLabels, plainLabels, plainLabels, (a, b, c) => {
      assert.ok(allowed("read-write", a, a));
      if (allowed("read", a, b) && allowed("read", b, c)) assert.ok(allowed("read", a, c));
      assert.equal(allowed("read", a, b), allowed("write", b, a));
    }),
    RUNS,
  );
});

test("Giving a read what it misses allows it", () => {
  fc.assert(
    fc.property(labels, labels, (agent, resource) => {
      const { secrecyToAdd, integrityToDrop } = evaluate({ mode: "strict", operation: "read", agent, resource });
      const mended = {
        secrecy: [...agent.secrecy, ...secrecyToAdd],
        integrity: agent.integrity.filter((tag) => !integrityToDrop.includes(tag)),
      };
      assert.ok(allowed("read", mended, resource));
    }),
    RUNS,
  );
});

test("The modes differ only in reads that fail; writes and read-writes never", () => {
  fc.assert(
    fc.property(labels, labels, (agent, resource) => {
      for (const operation of ["read", "write", "read-write"] as const) {
        const [strict, filter, propagate] = MODES.map((mode) => evaluateFlow(mode, operation, agent, resource));
        assert.deepEqual(filter, strict);
        if (operation !== "read" || strict!.decision === "allow") assert.deepEqual(propagate, strict);
        else
          assert.equal(propagate!.decision === "deny", resource.secrecy.includes("*") && !agent.secrecy.includes("*"));
      }
    }),
    RUNS,
  );
});

test("What propagate mode allowed was safe to show: after the taint the same read passes", () => {
  fc.assert(
    fc.property(labels, labels, (agent, resource) => {
      if (evaluateFlow("propagate", "read", agent, resource).decision === "deny") return;
      assert.ok(allowed("read", taint(agent, resource), resource));
    }),
    RUNS,
  );
});

test("In propagate mode no sequence of calls widens an agent, and what write was denied stays denied", () => {
  const call = fc.record({ resource: labels, items: fc.array(labels, { maxLength: 5 }) });
  fc.assert(
    fc.property(
      labels,
      fc.array(call, { maxLength: 8 }),
      fc.array(labels, { minLength: 1, maxLength: 5 }),
      (start, calls, sinks) => {
        let agent = start;
        const denied = new Set<Labels>();
        for (const { resource, items } of calls) {
          for (const sink of sinks) if (!allowed("write", agent, sink)) denied.add(sink);
          const before = agent;
          const coarse = evaluateFlow("propagate", "read", agent, resource);
          const shown = items.length > 0 ? items.filter((item) => judgeItem("propagate", agent, item).visible) : [];
          if (items.length === 0 && coarse.decision !== "deny") shown.push(resource);
          agent = taintAll(agent, shown);
          assert.ok(subset(before.secrecy, agent.secrecy), "Secrecy only grows");
          assert.ok(subset(agent.integrity, before.integrity), "Integrity only shrinks");
          assert.equal(
            agent.secrecy.includes("*"),
            start.secrecy.includes("*"),
            "Nobody is given clearance for everything",
          );
          assert.equal(new Set(agent.secrecy).size, agent.secrecy.length);
          for (const sink of denied) assert.ok(!allowed("write", agent, sink), "A denied write stays denied");
        }
      },
    ),
    RUNS,
  );
});

test("Taint does not depend on order, and one by one is the same as all at once", () => {
  fc.assert(
    fc.property(labels, fc.array(labels, { maxLength: 5 }), (agent, shown) => {
      const sorted = ({ secrecy, integrity }: Labels) => [[...secrecy].sort(), [...integrity].sort()];
      const all = sorted(taintAll(agent, shown));
      assert.deepEqual(sorted(shown.reduce(taint, agent)), all);
      assert.deepEqual(sorted(taintAll(agent, [...shown].reverse())), all);
    }),
    RUNS,
  );
});

test("The shared check of many items agrees with the check of each", () => {
  const trickyTag = fc.constantFrom("a", "b", "a,b", " ", "a b", ",", "*", "");
  fc.assert(
    fc.property(anyMode, labelsOf(trickyTag), fc.array(labelsOf(trickyTag), { maxLength: 12 }), (mode, agent, all) => {
      const items = all.map((item, index) => ({ ...item, data: index, description: "" }));
      const found = checkItems(mode, agent, items).map(({ index, violations, reason }) => ({
        index,
        violations,
        reason,
      }));
      const expected = items.flatMap((item, index) => {
        const { visible, violations, reason } = judgeItem(mode, agent, item);
        return visible ? [] : [{ index, violations, reason }];
      });
      assert.deepEqual(found, expected);
    }),
    RUNS,
  );
});

interface Sample {
  readonly result: unknown;
  readonly prefix: string;
  readonly count: number;
  readonly removed: ReadonlySet<number>;
}

/** A result in any of the wrappings, whose item i holds the mark `#i#` wherever it can. */
const sample: fc.Arbitrary<Sample> = fc
  .record({
    count: fc.integer({ min: 0, max: 12 }),
    nested: fc.boolean(),
    form: fc.constantFrom("bare", "text", "split", "structured", "both", "wrapped", "prose"),
    // Anything but the mark of an item.
    around: fc.jsonValue().filter((value) => !JSON.stringify(value).includes("#")),
    removed: fc.array(fc.nat(11)),
  })
  .map(({ count, nested, form, around, removed }) => {
    const list = Array.from({ length: count }, (_, index) => ({
      title: `#${index}#`,
      [`#${index}#`]: [around, `#${index}#`],
    }));
    const value = nested ? { around, data: { "a/b": list, total_count: count }, end: 1 } : list;
    const text = JSON.stringify(value, undefined, 1);
    const block = (part: string) => ({ type: "text", text: part });
    const at = Math.floor(text.length / 2);
    const image = { type: "image", data: "", mimeType: "image/png" };
    const object = nested ? value : { result: value };
    const results: Record<string, unknown> = {
      bare: value,
      text: { content: [block(text)], _meta: { around } },
      split: { content: [image, block(text.slice(0, at)), block(text.slice(at)), image] },
      structured: { content: [image], structuredContent: object },
      both: { content: [block(text)], structuredContent: object },
      wrapped: { content: [block(text)], structuredContent: { only: value } },
      prose: { content: [block(list.map(({ title }) => title).join(" and ")), image], structuredContent: object },
    };
    const alone = form === "structured" || form === "prose";
    const prefix = nested ? "/data/a~1b" : alone ? "/result" : "";
    return { result: results[form], prefix, count, removed: new Set(removed.filter((index) => index < count)) };
  });

function filter({ result, prefix, removed }: Sample): unknown {
  const unwrapped = unwrapResult(result);
  const items = resolveItems(unwrapped.value, { labeledPaths: [], itemsPath: prefix }, { secrecy: [], integrity: [] });
  return removeItems(unwrapped, items, removed);
}

test("Nothing in a filtered result comes from a removed item, all kept ones are there in order, the input is untouched", () => {
  fc.assert(
    fc.property(sample, (given) => {
      const before = JSON.stringify(given.result);
      const filtered = filter(given);
      assert.equal(JSON.stringify(given.result), before);
      if (given.removed.size === 0) assert.equal(filtered, given.result);
      const after = JSON.stringify(filtered);
      for (const index of given.removed) assert.ok(!after.includes(`#${index}#`), `Item ${index} is gone: ${after}`);
      let place = -1;
      for (let index = 0; index < given.count; index++) {
        if (given.removed.has(index)) continue;
        const found = after.indexOf(`#${index}#`);
        assert.ok(found > place, `Item ${index} is in its place: ${after}`);
        place = found;
      }
    }),
    RUNS,
  );
});

test("Filtering keeps everything around the items", () => {
  fc.assert(
    fc.property(sample, (given) => {
      if (given.removed.size === 0) return;
      // Putting the removed items back by hand gives the data that there was.
      const was = unwrapResult(given.result).value;
      const is = structuredClone(unwrapResult(filter(given)).value);
      const listIn = (value: unknown): { list: unknown[]; parent?: { total_count: number } } => {
        if (Array.isArray(value)) return { list: value };
        const object = value as { data?: { "a/b": unknown[]; total_count: number }; result?: unknown[] };
        return object.data ? { list: object.data["a/b"], parent: object.data } : { list: object.result! };
      };
      const { list, parent } = listIn(is);
      const all = listIn(was).list;
      for (let index = 0; index < all.length; index++) {
        if (given.removed.has(index)) list.splice(index, 0, all[index]);
      }
      if (parent !== undefined) parent.total_count += given.removed.size;
      assert.equal(JSON.stringify(is), JSON.stringify(was));
    }),
    RUNS,
  );
});
