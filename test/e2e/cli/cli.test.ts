// The built command line in Node, Deno and Bun: exit codes, reports, where guards are found, hostile text.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const root = process.env["EDGE_GUARD_ROOT"]!;
const cli = join(root, "dist/cli/main.js");
const sample = join(root, "dist/guards/repo-guard.wasm");
const folder = mkdtempSync(join(tmpdir(), "edge-guard-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(
  args: readonly string[],
  options: { runtime?: readonly string[]; env?: Record<string, string>; cwd?: string } = {},
) {
  const [command, ...before] = options.runtime ?? [process.execPath];
  const done = spawnSync(command!, [...before, cli, ...args], {
    cwd: options.cwd ?? folder,
    encoding: "utf8",
    env: { ...process.env, ...options.env },
    timeout: 60_000,
  });
  return { code: done.status, out: done.stdout, error: done.stderr };
}

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

const sink = { policy: { "write-sink": { accept: ["*"], "sink-visibility": "public" } } };
const post = (expect: object = {}) => ({ server: "web", tool: "post_comment", args: {}, result: {}, expect });
const good = {
  title: "A sink",
  servers: { web: sink },
  agent: { secrecy: ["private:acme"] },
  calls: [post({ status: "denied", violation: "secrecy" })],
};
const bad = { ...good, calls: [post({ status: "allowed" })] };
const policy = { "allow-only": { repos: ["acme/*"], "min-integrity": "approved" } };
const github = (guard: object) => ({
  servers: { github: { guard, policy }, web: sink },
  calls: [
    {
      server: "github",
      tool: "list_issues",
      args: { owner: "acme", repo: "site" },
      result: [
        { number: 1, author_association: "MEMBER" },
        { number: 2, author_association: "NONE" },
      ],
      expect: { status: "filtered", kept: [0], removed: [{ index: 1, violations: ["integrity"] }] },
    },
    post({ status: "denied", violation: "secrecy" }),
  ],
});

test("test: as expected is 0, not as expected is 1, not to be run is 2", () => {
  const paths = {
    good: write("a/good.json", good),
    bad: write("b/bad.json", bad),
    broken: write("c/broken.json", { ...good, cals: [] }),
  };
  assert.equal(run(["test", paths.good]).code, 0);
  const differs = run(["test", paths.bad]);
  assert.equal(differs.code, 1);
  assert.match(differs.out, /calls\[0\]\.expect\.status\n\s+expected "allowed"\n\s+actual {3}"denied"/);
  const broken = run(["test", paths.good, paths.broken]);
  assert.equal(broken.code, 2);
  assert.match(broken.out, /unknown key "cals"/);
  const all = run(["test", folder]);
  assert.equal(all.code, 2);
  assert.match(all.out, /3 scenarios: 1 as expected, 1 not, 1 could not be run/);
  assert.equal(run(["test", join(folder, "missing.json")]).code, 2);
  assert.equal(run(["test"]).code, 2);
});

test("test --junit writes what a reader of JUnit understands, whatever the names hold", () => {
  const hostile = {
    ...bad,
    servers: { 'a"<&\u0001': sink },
    calls: [{ ...post({ status: "allowed" }), server: 'a"<&\u0001' }],
  };
  const path = write("junit/hostile.json", hostile);
  const xml = join(folder, "out.xml");
  assert.equal(run(["test", path, "--junit", xml]).code, 1);
  const text = readFileSync(xml, "utf8");
  assert.match(text, /tests="1" failures="1" errors="0"/);
  assert.match(text, /a&quot;&lt;&amp;\ufffd/);
  assert.match(
    text,
    /<failure message="calls\[0\]\.expect\.status: expected &quot;allowed&quot;, got &quot;denied&quot;">/,
  );
});

test("preview shows the decision, the items with reasons and the labels; --json is the report", () => {
  const path = write("preview/github.json", github({ wasm: "repo-guard.wasm" }));
  const { code, out } = run(["preview", path]);
  assert.equal(code, 0);
  for (const words of [
    /Call 0 {2}github list_issues {2}filtered/,
    /0 {2}visible {2}issue:acme\/site#1/,
    /1 {2}hidden {3}issue:acme\/site#2 {2}The resource lacks integrity/,
    /Call 1 {2}web post_comment {2}denied/,
    /servers\.github\.backend: \{"tool":"get_repository"/,
  ]) {
    assert.match(out, words);
  }
  const report = JSON.parse(run(["preview", "--json", path]).out) as {
    calls: { outcome: { status: string } }[];
    passed: boolean;
  };
  assert.deepEqual([report.passed, ...report.calls.map(({ outcome }) => outcome.status)], [true, "filtered", "denied"]);
});

test("guards are found by --guard, beside the scenario, in --guards folders, in the package; a digest is held to", () => {
  const bytes = readFileSync(sample);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const named = write("find/named.json", github({ wasm: "mine", sha256 }));
  assert.equal(run(["test", "--guard", `mine=${sample}`, named]).code, 0);
  assert.match(run(["test", named]).out, /Cannot find the guard "mine"/);
  assert.equal(run(["test", named]).code, 2);
  write("find/beside/own.wasm", bytes);
  assert.equal(run(["test", write("find/beside/scenario.json", github({ wasm: "own.wasm" }))]).code, 0);
  assert.equal(
    run([
      "test",
      "--guards",
      join(folder, "find/beside"),
      write("find/else/scenario.json", github({ wasm: "own.wasm" })),
    ]).code,
    0,
  );
  const wrong = run(["test", write("find/wrong.json", github({ wasm: "repo-guard.wasm", sha256: "0".repeat(64) }))]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.out, /sha256/i);
  assert.equal(
    run(["test", write("find/beside/deep/out.json", github({ wasm: "../own.wasm" }))]).code,
    2,
    "names do not lead out of folders",
  );
  assert.match(run(["test", "--guard", "mine", named]).error, /name=path/);
  write("find/text.wasm", "not wasm");
  assert.match(run(["test", write("find/text.json", github({ wasm: "text.wasm" }))]).out, /not WebAssembly/);
});

test("inspect: what a module is; 1 when it cannot be a guard, 2 when it cannot be read", () => {
  const { code, out } = run(["inspect", sample]);
  assert.equal(code, 0);
  assert.match(out, /label_response/);
  const report = JSON.parse(run(["inspect", "--json", sample]).out) as {
    sha256: string;
    ok: boolean;
    exports: { name: string }[];
  };
  assert.equal(report.sha256, createHash("sha256").update(readFileSync(sample)).digest("hex"));
  assert.ok(report.ok && report.exports.some(({ name }) => name === "label_agent"));
  const text = run(["inspect", write("text.wasm", "not wasm")]);
  assert.equal(text.code, 1);
  assert.match(text.out, /bad-module/);
  assert.equal(run(["inspect", join(folder, "nothing.wasm")]).code, 2);
});

test("what a stranger wrote does nothing to the terminal", () => {
  const evil = "\u001b]0;owned\u0007\u009b31m\u202e\u2028";
  const path = write("evil.json", {
    ...good,
    title: evil,
    calls: [{ ...post({ status: "allowed" }), tool: `t${evil}` }],
  });
  for (const args of [
    ["preview", path],
    ["preview", "--json", path],
    ["test", path],
    ["test", "--json", path],
  ]) {
    const { out, error } = run(args);
    assert.doesNotMatch((out + error).replaceAll("\n", ""), /[\p{Cc}\p{Cf}\u2028]/u);
    if (args.includes("--json")) assert.ok(JSON.stringify(JSON.parse(out)).includes("\\u001b]0;owned"));
  }
});

test("help, version, and what is allowed in place of what is unknown", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  assert.deepEqual(run(["--version"]), { code: 0, out: `${version}\n`, error: "" });
  for (const command of ["inspect", "preview", "test"]) {
    assert.match(run(["--help"]).out, new RegExp(`  ${command} `));
    const help = run([command, "--help"]);
    assert.equal(help.code, 0);
    assert.match(help.out, new RegExp(`^Usage: edge-guard ${command} `));
    const unknown = run([command, "--jsno"]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.error, /unknown flag "--jsno"; allowed are --json/);
  }
  assert.equal(run([]).code, 2);
  assert.match(run(["tset"]).error, /unknown command "tset"; allowed are inspect, prepare, preview, serve, test/);
  assert.match(run(["--tset"]).error, /unknown flag "--tset"; allowed are --help, --version/);
  assert.match(run(["test", "--junit"]).error, /--junit/);
  assert.match(run(["test", "--json=yes", "x"]).error, /--json/);
});

test("a reader that stops early is no fault", () => {
  const done = spawnSync(
    "sh",
    ["-c", `"${process.execPath}" "${cli}" preview --json "${write("pipe.json", good)}" | head -c 1`],
    { encoding: "utf8" },
  );
  assert.equal(done.stderr, "");
});

for (const [name, runtime] of [
  ["Deno", [join(root, "node_modules/.bin/deno"), "run", "--allow-read", "--allow-env"]],
  ["Bun", [join(root, "node_modules/.bin/bun")]],
] as const) {
  test(`${name} gives the same report`, () => {
    const path = write(`${name}.json`, github({ wasm: "repo-guard.wasm" }));
    const [here, there] = [run(["preview", path]), run(["preview", path], { runtime })];
    assert.equal(there.error, "");
    assert.deepEqual(there, here);
  });
}

test("the scenarios of the gallery come out as they expect", () => {
  const { code, out } = run(["test", join(root, "demo/scenarios")]);
  assert.equal(code, 0, out);
});
