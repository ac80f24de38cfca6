// A slow network: the guard's download shows as a progress bar that moves with every piece, also when nobody says how long it is.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser } from "playwright";
import { eventually, launchChromium, openPlayground, root, serveFolder } from "./browser.ts";
import { filtered } from "./scenarios.ts";

let browser: Browser;
let files: Awaited<ReturnType<typeof serveFolder>>;
let guard: Buffer;
before(async () => {
  [browser, files, guard] = await Promise.all([
    launchChromium(),
    serveFolder("dist/playground"),
    readFile(`${root}/dist/guards/repo-guard.wasm`),
  ]);
});
after(async () => {
  await browser.close();
  await files.close();
});

/** Serves the playground, but of the guard only as much as it is told to. */
async function slowServer(headers: { readonly [name: string]: string }) {
  let sent = 0;
  let allowed = 0;
  let waiting: ServerResponse | undefined;
  function push(): void {
    if (waiting === undefined || allowed === sent) return;
    waiting.write(guard.subarray(sent, allowed));
    sent = allowed;
    if (sent === guard.length) waiting.end();
  }
  const server = createServer(async (request, response) => {
    if (request.url?.endsWith("repo-guard.wasm")) {
      response.writeHead(200, { "content-type": "application/wasm", ...headers });
      response.flushHeaders();
      waiting = response;
      return push();
    }
    const answer = await fetch(new URL(request.url ?? "/", files.url));
    const type = answer.headers.get("content-type") ?? "";
    response.writeHead(answer.status, { "content-type": type });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    /** Lets a share of the guard through, from 0 to 1 of the whole. */
    allow(share: number): void {
      allowed = Math.round(guard.length * share);
      push();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("the bar moves with what has arrived, says how much of how much, and goes when the guard is there", async (context) => {
  const server = await slowServer({ "content-length": String(guard.length) });
  context.after(() => server.close());
  const playground = await openPlayground(browser, server.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  const bar = preview.getByRole("progressbar", { name: "Loading the guard" });
  server.allow(0.1);
  await page.waitForTimeout(500);
  const shares: number[] = [];
  for (const share of [0.25, 0.5, 0.75]) {
    server.allow(share);
    const arrived = Math.round(guard.length * share);
    await eventually(() => bar.getAttribute("value"), String(arrived), `the bar at ${share}`);
    shares.push(await bar.evaluate((element) => (element as HTMLProgressElement).position));
  }
  assert.deepEqual(
    shares.map((share) => share.toFixed(2)),
    ["0.25", "0.50", "0.75"],
  );
  assert.equal(await preview.getAttribute("data-status"), "loading");
  const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} KB`;
  await preview.getByText(`${kilobytes(guard.length * 0.75)} of ${kilobytes(guard.length)}`).waitFor();
  server.allow(1);
  await settled();
  assert.equal(await bar.count(), 0);
  await preview.locator('[data-outcome="filtered"]').waitFor();
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("without a length the bar says how much has come, and no share", async (context) => {
  const server = await slowServer({});
  context.after(() => server.close());
  const playground = await openPlayground(browser, server.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  server.allow(0.1);
  await page.waitForTimeout(500);
  server.allow(0.5);
  const bar = preview.getByRole("progressbar", { name: "Loading the guard" });
  await bar.waitFor();
  assert.equal(await bar.getAttribute("value"), null);
  await preview.getByText(`${Math.round(Math.round(guard.length * 0.5) / 1024)} KB`, { exact: true }).waitFor();
  server.allow(1);
  await settled();
  await playground.close();
});

test("a scenario chosen while the guard is on its way waits for the same download", async (context) => {
  const server = await slowServer({ "content-length": String(guard.length) });
  context.after(() => server.close());
  const other = { ...(filtered as object), title: "Another one" };
  const playground = await openPlayground(browser, server.url, { scenarios: { filtered, other } });
  const { page, preview, settled } = playground;
  server.allow(0.3);
  await page.waitForTimeout(500);
  await page.locator('[data-scenario="other"]').click();
  await page.waitForTimeout(500);
  server.allow(0.6);
  await eventually(
    () => preview.getByRole("progressbar").getAttribute("value"),
    String(Math.round(guard.length * 0.6)),
    "the bar of the second evaluation",
  );
  server.allow(1);
  await settled();
  await page.getByRole("heading", { name: "Another one" }).waitFor();
  await playground.close();
});
