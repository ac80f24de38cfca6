// The sample guard against the ABI: its shape, the -2 protocol, hostile JSON, and memory over many calls.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openHost, sampleGuard } from "./host.ts";

const POLICY = { "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } };
const CALL = { tool_name: "list_issues", tool_args: { owner: "acme", repo: "site" } };
const site = (): unknown => ({ private: false });

function response(result: string): string {
  return `{"tool_name":"list_issues","tool_args":{"owner":"acme","repo":"site"},"tool_result":${result}}`;
}

test("exports and imports are those of the ABI and no more", async () => {
  const module = await sampleGuard();
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  assert.deepEqual(names.sort(), ["alloc", "dealloc", "label_agent", "label_resource", "label_response", "memory"]);
  const imports = WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`);
  assert.deepEqual(imports.sort(), ["env.call_backend", "env.host_log"]);
});

test("without a policy every label is refused, with a reason", async () => {
  const host = await openHost(site);
  assert.equal(host.call("label_resource", CALL), -8);
  assert.equal(host.call("label_response", { ...CALL, tool_result: [] }), -8);
  assert.match(host.logs[0]!, /label_agent/);
});

test("-2 tells the size needed, and the retry asks nothing again", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const text = response(
    JSON.stringify(Array.from({ length: 50 }, (_, number) => ({ number, author_association: "NONE" }))),
  );
  const whole = host.callText("label_response", text);
  assert.ok(whole.code > 4000);
  for (const capacity of [4, 100, whole.code - 1]) {
    const { code, output } = host.callText("label_response", text, capacity);
    assert.equal(code, -2);
    assert.equal(new DataView(output.buffer).getUint32(0, true), whole.code);
  }
  assert.equal(host.callText("label_response", text, 3).code, -2);
  assert.equal(host.callText("label_response", text, 0).code, -2);
  assert.deepEqual(host.callText("label_response", text, whole.code), whole);
  assert.equal(host.asked.length, 1);
  assert.equal(host.callText("label_agent", JSON.stringify(POLICY), 20).code, -2);
  assert.equal(host.callText("label_resource", JSON.stringify(CALL), 20).code, -2);
});

test("nothing is written past the capacity", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const bytes = new TextEncoder().encode(response('[{"number":1}]'));
  const input = host.guest.alloc(bytes.length);
  const output = host.guest.alloc(64);
  new Uint8Array(host.guest.memory.buffer).set(bytes, input);
  new Uint8Array(host.guest.memory.buffer).fill(0xaa, output, output + 64);
  assert.equal(host.guest.label_response(input, bytes.length, output, 32), -2);
  assert.ok(new Uint8Array(host.guest.memory.buffer).slice(output + 32, output + 64).every((byte) => byte === 0xaa));
});

for (const [name, text] of [
  ["nothing", ""],
  ["half an object", '{"tool_name":"x"'],
  ["two values", "{}{}"],
  ["a trailing comma", '{"tool_name":"x",}'],
  ["a key without quotes", '{tool_name:"x"}'],
  ["an unknown word", '{"tool_name":nil}'],
  ["a number with a leading zero", '{"a":01}'],
  ["a number that ends in a point", '{"a":1.}'],
  ["an exponent without digits", '{"a":1e}'],
  ["an unknown escape", '{"a":"\\x"}'],
  ["half an escape", '{"a":"\\u12"}'],
  ["an open text", '{"a":"b'],
  ["a control character in a text", '{"a":"b\u0001"}'],
  ["brackets that cross", '{"a":[1}]'],
] as const) {
  test(`malformed input is refused: ${name}`, async () => {
    const host = await openHost(site);
    host.call("label_agent", POLICY);
    assert.equal(host.callText("label_resource", text).code, -3);
    assert.equal(host.logs.length, 1);
  });
}

test("an input that is no call is refused", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  for (const input of [[], 5, null, {}, { tool_name: 5 }]) assert.equal(host.call("label_resource", input), -6);
});

test("nesting is followed to 512 levels and refused beyond, in the input as in a text of an MCP result", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  assert.ok(host.callText("label_response", response(deep(511))).code > 0);
  assert.equal(host.callText("label_response", response(deep(512))).code, -4);
  assert.equal(host.callText("label_response", response(deep(1_000_000))).code, -4);
  const wrapped = (levels: number): string =>
    response(JSON.stringify({ content: [{ type: "text", text: deep(levels) }] }));
  assert.ok(host.callText("label_response", wrapped(512)).code > 0);
  assert.equal(host.callText("label_response", wrapped(513)).code, -4);
  assert.equal(host.logs.length, 3);
});

test("lone surrogates and every escape come through descriptions as JSON", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const path = '\\ud800 \\"\\\\\\n\\u0000 é 😀 \\ud83d\\ude00';
  const text = `{"tool_name":"get_file_contents","tool_args":{"owner":"acme","repo":"site","path":"${path}"}}`;
  const { code, output } = host.callText("label_resource", text);
  assert.ok(code > 0);
  const { resource } = JSON.parse(new TextDecoder().decode(output)) as { resource: { description: string } };
  assert.equal(resource.description, `file:acme/site:${JSON.parse(`"${path}"`)}`);
});

test("a long description is cut at a character", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  for (const one of ["x", "é", "😀", "\n"]) {
    const call = {
      tool_name: "get_file_contents",
      tool_args: { owner: "acme", repo: "site", path: `a${one.repeat(2000)}` },
    };
    const { resource } = host.call("label_resource", call) as { resource: { description: string } };
    assert.match(resource.description, new RegExp(`^file:acme/site:a(${one})+$`, "u"));
    assert.ok(resource.description.length < 400);
  }
});

test("an answer larger than the first buffer is asked for again with the size it needs", async () => {
  const host = await openHost(({ tool }) =>
    tool === "get_repository"
      ? { private: false }
      : { number: 1, author_association: "OWNER", body: "x".repeat(200_000) },
  );
  host.call("label_agent", POLICY);
  const call = { tool_name: "issue_read", tool_args: { owner: "acme", repo: "site", issue_number: 1 } };
  const { resource } = host.call("label_resource", call) as { resource: { integrity: string[] } };
  assert.equal(resource.integrity.length, 3);
  assert.deepEqual(
    host.asked.map(({ tool }) => tool),
    ["get_repository", "issue_read", "issue_read"],
  );
});

test("answers that lie about their length or are no JSON count as none", async () => {
  for (const said of [5, [], "x", { content: [{ type: "text", text: "{" }] }, { content: [5] }]) {
    const host = await openHost(() => said);
    host.call("label_agent", POLICY);
    const { resource } = host.call("label_resource", CALL) as { resource: { secrecy: string[] } };
    assert.deepEqual(resource.secrecy, ["private:acme"]);
  }
});

test("alloc(0) is an address, too much is 0, and dealloc survives nonsense", async () => {
  const { guest } = await openHost();
  assert.notEqual(guest.alloc(0), 0);
  assert.equal(guest.alloc(-1), 0);
  assert.equal(guest.alloc(0x7fffffff), 0);
  for (const pointer of [0, 1, -1, 16, 0x7ffffff0]) guest.dealloc(pointer, 10);
  const before = guest.alloc(100);
  guest.dealloc(before, 100);
  guest.dealloc(before, 100);
  assert.equal(guest.alloc(100), before);
  assert.notEqual(guest.alloc(100), before);
});

test("100 000 calls do not grow memory", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const text = response(
    JSON.stringify({ content: [{ type: "text", text: '[{"number":1,"author_association":"NONE"}]' }] }),
  );
  host.callText("label_response", text);
  const pages = host.guest.memory.buffer.byteLength;
  for (let i = 0; i < 50_000; i++) host.callText("label_response", text);
  for (let i = 0; i < 50_000; i++)
    host.callText("label_resource", `{"tool_name":"list_issues","tool_args":{"owner":"acme","repo":"r${i % 5000}"}}`);
  assert.equal(host.guest.memory.buffer.byteLength, pages);
});

test("8 MiB of input fit beside its output in 512 pages, also unwrapped", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const item = { number: 1, author_association: "MEMBER", body: "x".repeat(3000) };
  const items = JSON.stringify(Array.from({ length: 2500 }, () => item));
  for (const text of [response(items), response(JSON.stringify({ content: [{ type: "text", text: items }] }))]) {
    assert.ok(host.callText("label_response", text, (8 << 20) + (64 << 10)).code > 0);
  }
  assert.ok(host.guest.memory.buffer.byteLength <= 512 * 65536);
});
