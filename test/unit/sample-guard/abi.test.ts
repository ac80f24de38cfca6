// The sample guard against the ABI: its shape, the -2 protocol, hostile JSON, and memory over many calls.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
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

test("16 MiB are labelled, or refused when there is no memory to unwrap them, and the guard goes on", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const items = `[${Array.from({ length: 16 }, () => `{"number":1,"body":"${"x".repeat(1 << 20)}"}`).join(",")}]`;
  assert.ok(host.callText("label_response", response(items), 1 << 20).code > 0);
  const wrapped = response(JSON.stringify({ content: [{ type: "text", text: items }] }));
  assert.equal(host.callText("label_response", wrapped, 1 << 20).code, -5);
  assert.ok(host.callText("label_response", response('[{"number":1}]')).code > 0);
  assert.equal(host.guest.alloc(40 << 20), 0);
});

test("a run whose questions all fail asks all of them, so that a host can fetch them together", async () => {
  const host = await openHost();
  host.call("label_agent", POLICY);
  const items = Array.from({ length: 95 }, (_, i) => ({
    number: i,
    repository_url: `https://api.github.com/repos/acme/r${i}`,
  }));
  host.call("label_response", { tool_name: "search_issues", tool_args: { query: "x" }, tool_result: { items } });
  assert.equal(host.asked.length, 95);
  host.call("label_resource", { tool_name: "issue_read", tool_args: { owner: "acme", repo: "new", issue_number: 1 } });
  assert.deepEqual(
    host.asked.slice(95).map(({ tool }) => tool),
    ["get_repository", "issue_read"],
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("what is JSON and what is not, it decides like JSON.parse", async () => {
  const host = await openHost(site);
  host.call("label_agent", POLICY);
  const agree = (text: string): void => {
    const { code } = host.callText("label_resource", text);
    assert.equal(code === -3, !isJson(text), `${JSON.stringify(text)}: ${code}`);
  };
  const alphabet = [...'{}[],:"\\/-+.0123456789eEtrufalsn \n\t\u0001\u00e9\ud83d\ude00x'];
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 24 }), (text) => agree(text.toWellFormed())),
    { numRuns: 4000 },
  );
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom("", ...alphabet), (text, at, change) => {
      const place = at % (text.length + 1);
      agree((text.slice(0, place) + change + text.slice(place + 1)).toWellFormed());
    }),
    { numRuns: 4000 },
  );
});

test("no value in a place of a field makes it trap or answer what is no JSON", async () => {
  const host = await openHost(({ tool }) => (tool === "get_repository" ? { private: false } : undefined));
  host.call("label_agent", {
    "allow-only": {
      repos: ["acme/*"],
      "min-integrity": "none",
      "approval-labels": ["a"],
      "endorsement-reactions": ["HEART"],
      "disapproval-reactions": ["EYES"],
    },
  });
  const field = fc.constantFrom(
    "number",
    "user",
    "login",
    "author",
    "author_association",
    "labels",
    "nodes",
    "name",
    "reactions",
    "content",
    "repository",
    "full_name",
    "owner",
    "repository_url",
    "html_url",
    "url",
    "head",
    "base",
    "repo",
    "pull_request",
    "merged_at",
    "merged",
    "private",
    "visibility",
    "items",
    "data",
    "structuredContent",
    "text",
    "type",
    "id",
    "sha",
    "path",
    "__proto__",
    "isError",
    "issue_url",
    "",
  );
  const leaf = fc.oneof(
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      1e300,
      "",
      "acme",
      "acme/site",
      "https://github.com/acme/site/pull/1",
      'a\\u0000"',
      "HEART",
      "text",
      '[{"number":1}]',
    ),
    fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(field, tie("value"), { maxKeys: 6 }),
    ),
  }));
  const tool = fc.constantFrom(
    "list_issues",
    "search_issues",
    "pull_request_read",
    "list_commits",
    "get_file_contents",
    "list_gists",
    "x",
    "search_repositories",
    "list_notifications",
  );
  const args = fc.dictionary(
    fc.constantFrom("owner", "repo", "query", "ref", "sha", "path", "method", "issue_number", "pullNumber"),
    fc.oneof(leaf, value),
    { maxKeys: 5 },
  );
  fc.assert(
    fc.property(tool, args, value, (tool_name, tool_args, tool_result) => {
      const input = { tool_name, tool_args, tool_result };
      for (const name of ["label_resource", "label_response"] as const) {
        const answer = host.call(name, input);
        assert.ok(answer === null || typeof answer === "object", `${name}: ${String(answer)}`);
      }
    }),
    { numRuns: 1500 },
  );
});
