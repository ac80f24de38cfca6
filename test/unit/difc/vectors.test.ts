// The decision core on its vectors.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkItems } from "../../../src/difc/check-items.ts";
import { evaluate, readViolations } from "../../../src/difc/evaluate.ts";
import { removeItems } from "../../../src/difc/filter.ts";
import type { ItemLabels, Labels, Mode, ResponseLabels } from "../../../src/difc/labels.ts";
import { removalNotice } from "../../../src/difc/notice.ts";
import { type LabelledItem, resolveItems } from "../../../src/difc/response-items.ts";
import { normalizeTags, sameLabels, taintAll } from "../../../src/difc/taint.ts";
import { unwrapResult } from "../../../src/difc/tool-result.ts";
import { ProtocolError } from "../../../src/errors.ts";
import { difcSuite } from "../../suites/difc.ts";
import checkVectors from "../../vectors/difc/check-items.json" with { type: "json" };
import evaluateVectors from "../../vectors/difc/evaluate.json" with { type: "json" };
import filterVectors from "../../vectors/difc/filter.json" with { type: "json" };
import tagVectors from "../../vectors/difc/normalize-tags.json" with { type: "json" };
import noticeVectors from "../../vectors/difc/notices.json" with { type: "json" };
import itemVectors from "../../vectors/difc/response-items.json" with { type: "json" };
import sameVectors from "../../vectors/difc/same-labels.json" with { type: "json" };
import taintVectors from "../../vectors/difc/taint.json" with { type: "json" };
import unwrapVectors from "../../vectors/difc/unwrap.json" with { type: "json" };

/** A vector, its keys as its file's description says. */
// biome-ignore lint/suspicious/noExplicitAny: the inferred unions of large JSON files help nobody
type Vector = any;

function each(cases: readonly unknown[], what: string, body: (vector: Vector) => void): void {
  for (const vector of cases as Vector[]) {
    test(`${what}: ${vector.name}`, () => {
      const before = JSON.stringify(vector);
      body(vector);
      assert.equal(JSON.stringify(vector), before, "The input was changed");
    });
  }
}

function refuses(action: () => unknown, message: string): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof ProtocolError, `A ProtocolError is thrown: ${error}`);
    assert.ok(error.message.includes(message), error.message);
    return true;
  });
}

difcSuite({ test }, { evaluate } as never, undefined as never);

each(evaluateVectors.cases, "readViolations agrees with evaluate", ({ agent, resource }) => {
  const read = evaluate({ mode: "strict", operation: "read", agent, resource });
  const expected: string[] = [];
  if (read.secrecyToAdd.length > 0) expected.push("secrecy");
  if (read.integrityToDrop.length > 0) expected.push("integrity");
  assert.deepEqual(readViolations(agent, resource), expected);
});

each(taintVectors.cases, "taint", ({ agent, shown, want, same }) => {
  const tainted = taintAll(agent as Labels, shown as Labels[]);
  assert.deepEqual(tainted, want);
  assert.equal(tainted === agent, same);
});

each(sameVectors.cases, "sameLabels", ({ a, b, same }) => {
  assert.equal(sameLabels(a, b), same);
  assert.equal(sameLabels(b, a), same);
});

each(tagVectors.cases, "normalizeTags", ({ tags, want }) => assert.deepEqual(normalizeTags(tags), want));

each(unwrapVectors.cases, "unwrap", ({ result, want, error, message }) => {
  if (error) return refuses(() => unwrapResult(result), message);
  const { value, original, form, isError, hasOpaqueContent } = unwrapResult(result);
  assert.equal(original, result);
  if (want.itself) assert.equal(value, result);
  else assert.deepEqual(value, want.value);
  const { itself: _itself, value: _value, ...rest } = want;
  assert.deepEqual({ form, isError, hasOpaqueContent }, rest);
});

each(itemVectors.cases, "resolveItems", ({ value, labels, resource, want, error, message }) => {
  const resolve = () => resolveItems(value, labels as ResponseLabels, resource as ItemLabels);
  if (error) return refuses(resolve, message);
  assert.deepEqual(resolve(), want);
});

each(filterVectors.cases, "removeItems", ({ result, labels, removed, want, same }) => {
  const unwrapped = unwrapResult(result);
  const items = resolveItems(unwrapped.value, labels as ResponseLabels, { secrecy: [], integrity: [] });
  const filtered = removeItems(unwrapped, items, new Set<number>(removed));
  if (same) assert.equal(filtered, result);
  else assert.deepEqual(filtered, want);
});

each(checkVectors.cases, "checkItems", ({ mode, agent, items, want }) => {
  const removed = checkItems(mode as Mode, agent, items as LabelledItem[]);
  const brief = removed.map(({ index, violations, description }) => ({ index, violations, description }));
  assert.deepEqual(brief, want);
  for (const { index, secrecy, integrity, reason } of removed) {
    assert.deepEqual({ secrecy, integrity }, { secrecy: items[index].secrecy, integrity: items[index].integrity });
    assert.notEqual(reason, "");
  }
});

each(noticeVectors.cases, "removalNotice", ({ removed, want, includes, excludes }) => {
  const { text, ...rest } = removalNotice(removed);
  assert.deepEqual(rest, want);
  for (const part of includes) assert.ok(text.includes(part), `${part} is in: ${text}`);
  for (const part of excludes) assert.ok(!text.includes(part), `${part} is not in: ${text}`);
});
