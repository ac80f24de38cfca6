// Real material: pasted or dropped, told for what it is, shown with its problems, used only on a click, and never rendered as HTML.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright";
import { eventually, openPlayground, root, useSite } from "./browser.ts";
import { denied, filtered } from "./scenarios.ts";

const site = useSite();

async function openImport() {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  await playground.settled();
  await playground.page.getByRole("button", { name: "Import", exact: true }).click();
  const dialog = playground.page.getByRole("dialog", { name: "Import" });
  const field = dialog.getByRole("textbox", { name: "Paste it here" });
  const kind = (): Promise<string | null> =>
    dialog.locator("[data-material]").getAttribute("data-material", { timeout: 5000 });
  return { ...playground, dialog, field, kind };
}

const issues = [
  {
    number: 7,
    title: "From outside",
    author_association: "NONE",
    user: { login: "eve" },
    html_url: "https://github.com/acme/site/issues/7",
  },
  {
    number: 8,
    title: "From a member",
    author_association: "MEMBER",
    user: { login: "mia" },
    html_url: "https://github.com/acme/site/issues/8",
  },
];

test("a REST result becomes a call, its tool and arguments can be corrected, and it is judged", async () => {
  const { page, preview, dialog, field, kind, complaints, settled, close } = await openImport();
  await field.fill(JSON.stringify(issues));
  assert.equal(await kind(), "result");
  await dialog.getByText("as a REST API gives it").waitFor();
  assert.equal(await dialog.getByRole("textbox", { name: "Tool" }).inputValue(), "list_issues");
  await dialog.getByRole("textbox", { name: "Arguments" }).fill("{ not json");
  await dialog.getByText("The arguments are not JSON").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Add this call" }).count(), 0);
  await dialog.getByRole("textbox", { name: "Arguments" }).fill('{"owner":"acme","repo":"site"}');
  await dialog.getByRole("button", { name: "Add this call" }).click();
  await dialog.waitFor({ state: "detached" });
  await preview.locator('[data-call="1"][data-outcome="filtered"]').waitFor();
  await settled();
  assert.match((await preview.locator('[data-call="1"] [data-index="0"]').textContent())!, /Hidden/);
  assert.deepEqual(complaints, []);
  await page.getByRole("button", { name: "Undo all edits" }).click();
  await preview.locator('[data-call="1"]').waitFor({ state: "detached" });
  await close();
});

test("the same as an MCP result, opened as a scenario of its own", async () => {
  const { preview, dialog, field, settled, close } = await openImport();
  await field.fill(JSON.stringify({ content: [{ type: "text", text: JSON.stringify(issues) }] }));
  await dialog.getByText("as MCP gives it").waitFor();
  await dialog.getByRole("checkbox", { name: "As a new scenario" }).check();
  await dialog.getByRole("button", { name: "Open as a new scenario" }).click();
  await preview.locator('[data-call="0"][data-outcome]').waitFor();
  await settled();
  assert.equal(await preview.locator("[data-call]").count(), 1);
  await close();
});

test("a scenario, a policy and a link are used in their place", async () => {
  const { page, preview, dialog, field, kind, close } = await openImport();
  await field.fill('{"allow-only":{"repos":["acme/*"],"min-integrity":"none"}}');
  assert.equal(await kind(), "policy");
  await dialog.getByRole("button", { name: "Use this policy for github" }).click();
  await preview.locator('[data-outcome="allowed"]').waitFor();
  assert.match(await page.getByRole("textbox", { name: "Policy for github" }).inputValue(), /"none"/);

  await page.getByRole("button", { name: "Import", exact: true }).click();
  await field.fill(JSON.stringify(denied));
  assert.equal(await kind(), "scenario");
  await dialog.getByRole("button", { name: "Open this scenario" }).click();
  await preview.locator('[data-outcome="denied"]').waitFor();
  await page.getByRole("heading", { name: "A public comment is denied" }).first().waitFor();
  await close();
});

test("a gateway's log: its calls are added, what the log withheld is counted", async () => {
  const { preview, dialog, field, kind, close } = await openImport();
  const line = {
    timestamp: "2026-01-01T00:00:00Z",
    type: "DIFC_FILTERED",
    server_id: "github",
    tool_name: "list_issues",
    description: "issue:acme/site#9",
    reason: "Resource has lower integrity than agent requires.",
    secrecy_tags: [],
    integrity_tags: ["none:acme/site"],
    author_association: "NONE",
    author_login: "eve",
    html_url: "https://github.com/acme/site/issues/9",
    number: "9",
  };
  await field.fill(
    `${JSON.stringify(line)}\n${JSON.stringify({ ...line, number: "10", description: "issue:acme/site#10" })}\n`,
  );
  assert.equal(await kind(), "log");
  assert.match((await dialog.locator("[data-material]").textContent())!, /2 lines/);
  const add = dialog.getByRole("button", { name: /^Add \d+ calls?$/ });
  await add.click();
  await preview.locator('[data-call="1"]').waitFor();
  await close();
});

test("a list of tools is kept for its server", async () => {
  const { dialog, field, kind, close } = await openImport();
  await field.fill(JSON.stringify({ tools: [{ name: "list_issues", inputSchema: { type: "object" } }] }));
  assert.equal(await kind(), "tools");
  await dialog.getByRole("button", { name: "Use these tools for github" }).click();
  await dialog.waitFor({ state: "detached" });
  await close();
});

test("what cannot be used says why and where; a click goes there", async () => {
  const { page, dialog, field, kind, close } = await openImport();
  await field.fill('{\n  "servers": {},\n  "calls": [}\n}');
  assert.equal(await kind(), "unknown");
  const at = dialog.getByRole("button", { name: /Line 3, column \d+/ });
  await at.click();
  await eventually(() => page.evaluate(() => document.activeElement?.tagName), "TEXTAREA", "the focus");
  await field.fill("");
  await eventually(() => dialog.locator("[data-material]").count(), 0, "nothing is said about nothing");
  await close();
});

test("what is imported is never HTML: markup in every place stays text and loads nothing", async () => {
  const { page, preview, dialog, field, complaints, settled, close } = await openImport();
  const evil = '<img src="https://evil.example/x" onerror="globalThis.hit=1"><script>globalThis.hit=1</script>';
  const scenario = {
    title: evil,
    servers: { [evil]: { guard: "noop", backend: [{ tool: evil, args: {}, result: evil }] } },
    calls: [
      {
        server: evil,
        tool: evil,
        args: { [evil]: evil },
        result: [{ title: evil, user: { login: evil }, [evil]: evil }],
      },
    ],
  };
  await field.fill(JSON.stringify(scenario));
  await dialog.getByRole("button", { name: "Open this scenario" }).click();
  await settled();
  await preview.locator("[data-call]").first().waitFor();
  assert.equal(await page.locator("img, script:not([src])").count(), 0);
  assert.equal(await page.evaluate(() => "hit" in globalThis), false);
  assert.deepEqual(complaints, []);
  await close();
});

async function drop(page: Page, name: string, bytes: readonly number[] | string): Promise<void> {
  await page.evaluate(
    ([fileName, content]) => {
      const data = new DataTransfer();
      const parts = typeof content === "string" ? [content] : [new Uint8Array(content as number[])];
      data.items.add(new File(parts, fileName as string));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [name, bytes as string | number[]] as const,
  );
}

test("a file dropped on the page is looked at first, whatever it is: a scenario, a text, a guard", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  await settled();
  const dialog = page.getByRole("dialog", { name: "Import" });
  await drop(page, "notes.txt", "just some words");
  await dialog.locator('[data-material="unknown"]').waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await drop(page, "denied.json", JSON.stringify(denied));
  await dialog.getByRole("button", { name: "Open this scenario" }).click();
  await preview.locator('[data-outcome="denied"]').waitFor();
  await drop(page, "guard.wasm", [...(await readFile(`${root}/dist/guards/repo-guard.wasm`))]);
  await dialog.getByText("label_response").waitFor();
  assert.match((await dialog.textContent())!, /guard\.wasm.*KB.*SHA-256[0-9a-f]{64}/s);
  await dialog.getByRole("button", { name: "Run this guard" }).click();
  await dialog.waitFor({ state: "detached" });
  await settled();
  await preview.locator('[data-outcome="denied"]').waitFor();
  await playground.close();
});
