// Numbers in what a client sends: what guard and server get is parsed and encoded again, and must be what was written.
import { strictEqual } from "node:assert";
import { test } from "node:test";
import { readMessage } from "../../../src/proxy/inbound.ts";

const numbers: readonly (readonly [written: string, isTaken: boolean])[] = [
  ["0", true],
  ["-12.5", true],
  ["9007199254740991", true],
  ["1000000000000000000", true],
  ["1e16", true],
  ["1e300", true],
  ["0.1000000000000000055", true],
  ["9007199254740993", false],
  ["-9007199254740993", false],
  ["1e400", false],
];

for (const [written, isTaken] of numbers) {
  for (const place of [written, `[${written}]`, `[[true,null,${written}]]`, `{"id":${written}}`]) {
    test(`${place} in the arguments is ${isTaken ? "taken" : "refused"}`, () => {
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"a":${place}}}}`;
      strictEqual("refused" in readMessage(body, new Headers()), !isTaken);
    });
  }
}
