// Keep and share: links that hold everything, files, work that is still there after a reload, and a fresh start one click away.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { encodeShare } from "edge-guard/analysis";
import { eventually, openPlayground, root, useSite } from "./browser.ts";
import { denied, filtered, large } from "./scenarios.ts";

const site = useSite();
const permissions = { permissions: ["clipboard-read", "clipboard-write"] };

test("a link holds the edited scenario, works in another site.browser, and sends nothing", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered }, context: permissions });
  const { page, preview, complaints, settled } = playground;
  await settled();
  const field = page.getByRole("textbox", { name: "Policy for github" });
  await field.fill((await field.inputValue()).replace('"approved"', '"none"'));
  await preview.locator('[data-outcome="allowed"]').waitFor();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(`${request.method()} ${request.url()}`));
  await page.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog", { name: "Share this scenario" });
  await dialog.getByRole("button", { name: "Copy link" }).click();
  await dialog.getByText("Copied").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#d1=[\w-]+$/);
  assert.equal(await dialog.getByRole("textbox", { name: "Link" }).inputValue(), link);
  assert.deepEqual(
    asked.filter((line) => !/^GET .*-[A-Z0-9]{8}\.js$/.test(line)),
    [],
  );
  await page.keyboard.press("Escape");
  await eventually(
    () => page.evaluate(() => document.activeElement?.textContent ?? ""),
    "Share",
    "the focus is back where it was",
  );

  const other = await openPlayground(site.browser, link, { scenarios: { filtered } });
  await other.settled();
  await other.page.getByRole("heading", { name: "Two of four issues are hidden" }).waitFor();
  await other.preview.locator('[data-outcome="allowed"]').waitFor();
  assert.equal(await other.page.locator("[data-notice]").count(), 0, "the same guard, the same decisions: no warning");
  assert.deepEqual([...complaints, ...other.complaints], []);
  await other.close();
  await playground.close();
});

test("a link made with another guard warns; a damaged one says so, and the page goes on", async () => {
  const link = await encodeShare({ scenario: filtered, guards: { "repo-guard.wasm": "0".repeat(64) } });
  assert.ok(link.ok);
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered, denied }, hash: link.hash });
  const { page, preview, settled } = playground;
  await settled();
  await page.locator('[data-notice="guard-differs"]').getByText('another "repo-guard.wasm"').waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await eventually(() => page.locator("[data-notice]").count(), 0, "notices after dismissing");

  await page.evaluate((hash) => location.assign(hash), link.hash.slice(0, -20));
  await settled("error");
  assert.match((await preview.textContent())!, /Cannot read the link.*cut/s);
  await page.locator('[data-scenario="denied"]').click();
  await settled();
  await preview.locator('[data-outcome="denied"]').waitFor();
  await playground.close();
});

test("a scenario too long for a link is offered as a file; the file can be imported again", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { large } });
  const { page, settled } = playground;
  await settled();
  await page.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog", { name: "Share this scenario" });
  await dialog.getByRole("alert").getByText("save the scenario as a file").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Copy link" }).count(), 0);
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Download as a file" }).click(),
  ]);
  assert.equal(saved.suggestedFilename(), "ten-thousand-issues.json");
  const text = await readFile((await saved.path())!, "utf8");
  assert.deepEqual(JSON.parse(text), large);
  await playground.close();
});

test("a scenario copied as a test passes on the command line, and fails once its policy changes", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { denied }, context: permissions });
  const { page, settled } = playground;
  await settled();
  await page.getByRole("button", { name: "Copy as test" }).click();
  const dialog = page.getByRole("dialog", { name: "Copy as test" });
  await dialog.getByRole("button", { name: "Copy", exact: true }).click();
  await dialog.getByText("The test copied").waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  const recorded = JSON.parse(text) as { calls: { expect: { status: string } }[] };
  assert.deepEqual(
    recorded.calls.map(({ expect }) => expect.status),
    ["filtered", "denied"],
  );
  assert.equal(
    await dialog.getByLabel("Run it with").inputValue(),
    "npx edge-guard test a-public-comment-is-denied.json",
  );
  await playground.close();

  const folder = await mkdtemp(`${root}/.cache/copied-`);
  const run = async (content: string): Promise<number | null> => {
    await writeFile(`${folder}/copied.json`, content);
    return spawnSync(process.execPath, [`${root}/dist/cli/main.js`, "test", `${folder}/copied.json`]).status;
  };
  assert.equal(await run(text), 0);
  assert.equal(await run(text.replace('"approved"', '"none"')), 1);
  await rm(folder, { recursive: true });
});

test("the command of a test is quoted: a hostile name cannot become a command", async () => {
  const name = "x'; touch /tmp/owned; '$(id).wasm";
  const wasm = (await readFile(`${root}/dist/guards/repo-guard.wasm`)) as Buffer;
  const github = { ...(filtered as { servers: { github: object } }).servers.github, guard: { wasm: name } };
  const hostile = { ...(filtered as object), title: "$(id) `id`", servers: { github } };
  const playground = await openPlayground(site.browser, site.url, { scenarios: { hostile } });
  const { page, settled } = playground;
  await settled();
  await page
    .getByLabel("Drop or choose a .wasm guard")
    .setInputFiles({ name: "my guard.wasm", mimeType: "application/wasm", buffer: wasm });
  await page.getByRole("button", { name: "Run this guard" }).click();
  await page.getByText("not running yet").waitFor({ state: "detached" });
  await settled();
  await page.getByRole("button", { name: "Copy as test" }).click();
  const command = await page.getByLabel("Run it with").inputValue();
  const echoed = spawnSync("sh", ["-c", command.replace("npx edge-guard", "printf '%s\\n'")], { encoding: "utf8" });
  assert.deepEqual(echoed.stdout.trimEnd().split("\n"), ["test", "id-id.json", "--guard", `${name}=my guard.wasm`]);
  await playground.close();
});

test("work is there again after a reload, is not put over what an address names, and a fresh start forgets it", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered, denied } });
  const { page, preview, settled } = playground;
  await settled();
  assert.equal(await page.getByRole("button", { name: "Start fresh" }).isDisabled(), true, "nothing to forget yet");
  const field = page.getByRole("textbox", { name: "Policy for github" });
  const original = await field.inputValue();
  await field.fill(original.replace('"approved"', '"none"'));
  await preview.locator('[data-outcome="allowed"]').waitFor();
  await settled();
  const isKept = (): Promise<boolean> =>
    page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const opening = indexedDB.open("edge-guard-playground");
          opening.onsuccess = () => {
            const { result } = opening;
            if (!result.objectStoreNames.contains("work")) return resolve(false);
            const asking = result.transaction("work").objectStore("work").get("draft");
            asking.onsuccess = () => resolve(JSON.stringify(asking.result ?? null).includes('"none"'));
          };
        }),
    );
  await eventually(isKept, true, "the work is kept");

  await page.reload();
  await page.locator('[data-notice="restored"]').waitFor();
  await preview.locator('[data-outcome="allowed"]').waitFor();
  assert.match(await field.inputValue(), /"none"/);
  assert.equal(await page.locator('[data-scenario="filtered"]').getAttribute("aria-current"), "true");

  await page.goto(`${site.url}?x#scenario=denied`);
  await preview.locator('[data-outcome="denied"]').waitFor();
  await page.locator('[data-notice="kept"]').getByRole("button", { name: "Go back to it" }).click();
  await preview.locator('[data-outcome="allowed"]').waitFor();

  await page.locator('[data-notice="restored"]').getByRole("button", { name: "Start fresh" }).click();
  await preview.locator('[data-outcome="filtered"]').waitFor();
  assert.equal(await field.inputValue(), original);
  assert.equal(await isKept(), false);
  await page.reload();
  await settled();
  assert.equal(await page.locator("[data-notice]").count(), 0);

  // Opened for one's eyes only: nothing is restored, nothing is kept.
  await page.goto(`${site.url}?y#fresh`);
  await settled();
  await field.fill(original.replace('"approved"', '"none"'));
  await preview.locator('[data-outcome="allowed"]').waitFor();
  await page.waitForTimeout(700);
  assert.equal(await isKept(), false);
  await playground.close();
});

test("where nothing can be stored the page works all the same", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  await page.addInitScript(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
  await page.reload();
  await settled();
  const field = page.getByRole("textbox", { name: "Policy for github" });
  await field.fill((await field.inputValue()).replace('"approved"', '"none"'));
  await preview.locator('[data-outcome="allowed"]').waitFor();
  await page.getByRole("button", { name: "Start fresh" }).click();
  await preview.locator('[data-outcome="filtered"]').waitFor();
  assert.deepEqual(complaints, []);
  await playground.close();
});
