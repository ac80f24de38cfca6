// edge-guard serve: before a program and before an address, with clients of both SDKs, and before the reference server. Uses dist/.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { serve } from "../backend/servers.ts";
import { connect } from "./clients.ts";
import { everythingScript } from "./everything-server.ts";
import { github } from "./servers.ts";

const root = process.env["EDGE_GUARD_ROOT"]!;
const TOKEN = "a-token-for-the-laptop";
let folder: string;

interface Serving {
  readonly url: string;
  readonly child: ChildProcess;
  said(): string;
  stop(): Promise<number | null>;
}

function run(...args: readonly string[]): Promise<Serving> {
  const child = spawn(process.execPath, [`${root}dist/cli/main.js`, "serve", "--port", "0", ...args], {
    env: { ...process.env, UPSTREAM_TOKEN: "secret" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => reject(new Error(`${code}: ${said}`)));
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (data) => {
        said += data;
        const [, url] = /at (http:\S+)\n/.exec(said) ?? [];
        if (url !== undefined) resolve({ url, child, said: () => said, stop });
      });
    }
  });
  function stop(): Promise<number | null> {
    child.kill("SIGTERM");
    return new Promise((resolve) => child.on("exit", resolve));
  }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edge-guard-serve-"));
  await writeFile(
    `${folder}/policy.json`,
    JSON.stringify({ "allow-only": { repos: "public", "min-integrity": "approved" } }),
  );
  await writeFile(`${folder}/sink.json`, JSON.stringify({ "write-sink": { accept: ["*"] } }));
});
after(() => rm(folder, { recursive: true, force: true }));

test("before a program", { timeout: 60_000 }, async () => {
  const command = `${process.execPath} ${root}test/e2e/proxy/stdio-server.mjs`;
  const serving = await run(
    "--upstream-stdio",
    command,
    "--policy",
    `${folder}/policy.json`,
    "--token",
    `me=${TOKEN}`,
    "--log",
  );
  for (const kind of ["v1", "v2"] as const) {
    const client = await connect(kind, serving.url, TOKEN);
    assert.deepEqual(client.capabilities, { tools: {} });
    assert.deepEqual(
      (await client.tools()).map(({ name }) => name),
      ["list_issues", "get_repository"],
    );
    const heard: number[] = [];
    const args = { owner: "acme", repo: "site" };
    const { content } = await client.call(
      "list_issues",
      { ...args, slow: true },
      { onprogress: ({ progress }) => void heard.push(progress) },
    );
    assert.deepEqual(
      (JSON.parse(content[0]!.text!) as { number: number }[]).map(({ number }) => number),
      [0, 2],
    );
    assert.deepEqual(heard, [1, 2, 3]);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    await assert.rejects(client.call("list_issues", { ...args, hang: true }, { signal: controller.signal }));
    assert.ok((await client.call("list_issues", { ...args, crash: true })).isError);
    assert.ok(!(await client.call("list_issues", args)).isError, "A program that ended is started again");
    await client.close();
  }
  assert.equal((await fetch(serving.url, { method: "POST" })).status, 401);
  assert.equal(await serving.stop(), 0);
  assert.match(serving.said(), /"type":"difc_filtered".*"integrity_count"/);
  assert.match(serving.said(), /× list_issues on upstream \(integrity\): set "min-integrity" to "unapproved"/);
  assert.ok(!serving.said().includes("SECRET"));
});

test("before an address, with a header from the environment and a token made now", { timeout: 60_000 }, async () => {
  const upstream = await serve(github("v2", "sse").handle);
  const serving = await run(
    "--upstream",
    upstream.url,
    "--policy",
    `${folder}/policy.json`,
    "--header",
    "Authorization: Bearer $UPSTREAM_TOKEN",
  );
  const [, token] = /Bearer (\S+)\n/.exec(serving.said()) ?? [];
  const client = await connect("v2", serving.url, token!);
  assert.equal((await client.call("list_issues", { owner: "acme", repo: "site" })).structuredContent?.items?.length, 4);
  await client.close();
  assert.ok(upstream.requests.every(({ authorization }) => authorization === "Bearer secret"));
  await serving.stop();
  await upstream.close();
});

test("a recorded session is a scenario, on which the smallest change is found by trying", {
  timeout: 60_000,
}, async () => {
  const upstream = await serve(github("v2", "json").handle);
  const file = `${folder}/session.json`;
  const policy = ["--policy", `${folder}/policy.json`];
  const tokens = ["--token", `me=${TOKEN}`, "--token", `other=${TOKEN}-of-another`];
  const serving = await run("--upstream", upstream.url, ...policy, ...tokens, "--record", file);
  const client = await connect("v2", serving.url, TOKEN);
  await client.call("list_issues", { owner: "acme", repo: "site" });
  await client.call("issue_read", { owner: "acme", repo: "vault", method: "get", issue_number: 3 });
  await client.close();
  const another = await connect("v1", serving.url, `${TOKEN}-of-another`);
  await another.call("add_issue_comment", { owner: "acme", repo: "site", issue_number: 1, body: "hello" });
  await another.close();
  assert.equal(await serving.stop(), 0);
  await upstream.close();
  assert.match(serving.said(), /edge-guard preview --why \S+session\.json\n/);
  assert.match(serving.said(), /edge-guard preview --why \S+session-2\.json\n/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const { calls, servers } = JSON.parse(await readFile(file, "utf8"));
  assert.deepEqual(
    calls.map(({ tool }: { tool: string }) => tool),
    ["list_issues", "issue_read"],
  );
  assert.ok(servers.upstream.backend.some(({ tool }: { tool: string }) => tool === "get_repository"));
  const { stdout } = await promisify(execFile)(process.execPath, [`${root}dist/cli/main.js`, "preview", "--why", file]);
  assert.match(stdout, /Add "user1" to "trusted-users"/);
  assert.match(stdout, /Set "repos" to \["acme\/\*"\]/);
});

test("what is wrong with the command line is said", async () => {
  const policy = ["--policy", `${folder}/policy.json`];
  for (const [args, message] of [
    [[...policy], /--upstream or --upstream-stdio/],
    [["--upstream", "http://localhost:1/"], /--policy/],
    [["--upstream", "http://localhost:1/", ...policy, "--mode", "lax"], /--mode/],
    [["--upstream", "http://localhost:1/", ...policy, "--token", "short"], /--token/],
    [["--upstream", "http://localhost:1/", ...policy, "--header", "A: $NO_SUCH_THING"], /NO_SUCH_THING/],
  ] as const) {
    await assert.rejects(run(...args), message);
  }
});

test("before the reference server", { timeout: 60_000 }, async () => {
  const serving = await run(
    "--upstream-stdio",
    `${process.execPath} ${everythingScript} stdio`,
    "--policy",
    `${folder}/sink.json`,
    "--token",
    `me=${TOKEN}`,
  );
  for (const kind of ["v1", "v2"] as const) {
    const client = await connect(kind, serving.url, TOKEN);
    const { tools, ...others } = client.capabilities as Record<string, unknown>;
    assert.ok(tools);
    assert.deepEqual(others, {});
    assert.ok((await client.tools()).some(({ name }) => name === "echo"));
    assert.match((await client.call("echo", { message: "hello" })).content[0]?.text ?? "", /hello/);
    const heard: number[] = [];
    await client.call(
      "trigger-long-running-operation",
      { duration: 1, steps: 4 },
      { onprogress: ({ progress }) => void heard.push(progress) },
    );
    assert.ok(heard.length >= 3, String(heard));
    await assert.rejects(client.resource("demo://resource/static/document/architecture.md"));
    await client.close();
  }
  await serving.stop();
});
