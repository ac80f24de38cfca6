// A live MCP server, only when somebody says so: the page's policy lets nothing out before, and afterwards only to that one origin.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import type { Browser } from "playwright";
import { type RunningServer, serve } from "../backend/servers.ts";
import { eventually, launchChromium, openPlayground, serveFolder } from "./browser.ts";
import { filtered, unanswered } from "./scenarios.ts";

let browser: Browser;
let site: Awaited<ReturnType<typeof serveFolder>>;
let live: RunningServer;
let other: RunningServer;
const called: { name: string; args: unknown }[] = [];

const tools = [
  {
    name: "list_issues",
    description: "Lists <b>issues</b>",
    inputSchema: { type: "object" },
    annotations: { readOnlyHint: true },
  },
  { name: "get_repository", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  { name: "delete_everything", inputSchema: { type: "object" } },
];
const answers: Record<string, unknown> = {
  list_issues: [
    { number: 1, title: "<img src=x onerror=alert(1)>", author_association: "NONE", user: { login: "eve" } },
  ],
  get_repository: { full_name: "acme/site", private: false },
  delete_everything: "done",
};

before(async () => {
  const mcp = createMcpHandler(() => {
    const server = new Server({ name: "test server", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({ tools }) as never);
    server.setRequestHandler("tools/call", ({ params }) => {
      called.push({ name: params.name, args: params.arguments });
      return { content: [{ type: "text", text: JSON.stringify(answers[params.name]) }] } as never;
    });
    return server;
  });
  const withCors = async (request: Request): Promise<Response> => {
    const cors = {
      "access-control-allow-origin": "*",
      "access-control-allow-headers": "*, authorization",
      "access-control-expose-headers": "mcp-session-id",
    };
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: cors });
    const response = await mcp.fetch(request);
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(cors)) headers.set(name, value);
    return new Response(response.body, { status: response.status, headers });
  };
  [browser, site, live, other] = await Promise.all([
    launchChromium(),
    serveFolder("dist/playground"),
    serve(withCors),
    serve(() => new Response("{}", { headers: { "access-control-allow-origin": "*" } })),
  ]);
});
after(async () => {
  await browser.close();
  await Promise.all([site.close(), live.close(), other.close()]);
});

async function openLive(scenarios: Record<string, unknown> = { filtered }) {
  const playground = await openPlayground(browser, site.url, { scenarios });
  await playground.settled();
  await playground.page.getByRole("button", { name: "Live server" }).click();
  const dialog = playground.page.getByRole("dialog", { name: "Live server" });
  const connect = async (address: string, authorization = ""): Promise<void> => {
    await dialog.getByRole("textbox", { name: "Address" }).fill(address);
    await dialog.getByLabel("Authorization header").fill(authorization);
    await dialog.getByRole("button", { name: "Connect" }).click();
  };
  /** What a place can reach, told by its own policy. */
  const canReach = (address: string, inFrame: boolean): Promise<boolean> =>
    (inFrame
      ? playground.page.frames().find((frame) => frame.url().endsWith("live.html"))!
      : playground.page.mainFrame()
    ).evaluate(
      (url) =>
        fetch(url, { method: "POST", body: "{}" }).then(
          () => true,
          () => false,
        ),
      address,
    );
  return { ...playground, dialog, connect, canReach };
}

test("nothing can be reached before; afterwards the frame reaches that origin alone, the page none, and closing ends it", async () => {
  const { page, dialog, connect, canReach, close } = await openLive();
  assert.equal(page.frames().length, 1, "no frame before somebody connects");
  assert.equal(await canReach(live.url, false), false);
  const before = live.requests.length;
  await connect(live.url, "Bearer secret-token");
  await dialog.getByText("Connected to").waitFor();
  assert.match((await dialog.textContent())!, /test server.*3 tools/s);
  assert.ok(live.requests.slice(before).some(({ authorization }) => authorization === "Bearer secret-token"));
  assert.equal(await canReach(live.url, true), true);
  assert.equal(await canReach(other.url, true), false, "the frame is held to the one origin");
  assert.equal(await canReach(live.url, false), false, "the page itself still reaches nothing");
  assert.equal(other.requests.length, 0);
  await page.keyboard.press("Escape");
  await eventually(async () => page.frames().length, 1, "the frame is gone");
  const stored = await page.evaluate(async () =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]),
  );
  assert.doesNotMatch(stored, /secret-token/);
  await close();
});

test("a call is made when it is asked for, looked at, and added; what may change something needs a word more", async () => {
  const { page, preview, dialog, connect, settled, close } = await openLive();
  await connect(live.url);
  await dialog.getByText("Connected to").waitFor();
  called.length = 0;
  await dialog.getByText("Lists <b>issues</b>").waitFor();
  await dialog.getByRole("textbox", { name: "Arguments" }).fill('{"owner":"acme","repo":"site"}');
  await dialog.getByRole("button", { name: "Call", exact: true }).click();
  await dialog.getByRole("textbox", { name: "Answer" }).waitFor();
  assert.match(await dialog.getByRole("textbox", { name: "Answer" }).inputValue(), /onerror/);
  await dialog.getByRole("button", { name: "Add this call to the scenario" }).click();
  await dialog.getByRole("button", { name: "Use its list of tools" }).click();

  await dialog.getByRole("combobox", { name: "Tool" }).selectOption("delete_everything");
  const call = dialog.getByRole("button", { name: "Call", exact: true });
  assert.equal(await call.isDisabled(), true);
  await dialog.getByRole("checkbox", { name: /may really change something/ }).check();
  await call.click();
  await dialog.getByRole("textbox", { name: "Answer" }).waitFor();
  assert.deepEqual(
    called.map(({ name }) => name),
    ["list_issues", "delete_everything"],
  );
  assert.equal(await call.isDisabled(), true, "once more only with a word more");
  await dialog.getByRole("button", { name: "Close" }).click();

  await settled();
  await preview.locator('[data-call="1"][data-outcome="filtered"]').waitFor();
  assert.equal(await page.locator("img").count(), 0);
  await page.getByRole("tab", { name: "Tools" }).click();
  await page.getByText("delete_everything").first().waitFor();
  await close();
});

test("the guard's open questions are asked of the live server and recorded in the scenario", async () => {
  const { page, preview, dialog, connect, settled, close } = await openLive({ unanswered });
  await connect(live.url);
  await dialog.getByRole("button", { name: "Ask it the guard’s 1 open question" }).click();
  await dialog.getByText("1 answer recorded").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await settled();
  assert.equal(await page.getByText("1 question has no answer").count(), 0);
  await preview.locator("[data-outcome]").first().waitFor();
  await close();
});

test("addresses that are none, servers that do not answer: an error that says so, and another try", async () => {
  const { dialog, connect, close } = await openLive();
  for (const [address, expected] of [
    ["http://example.com/mcp", /must begin with https/],
    ["https://user:word@example.com/mcp", /holds a name or a password/],
    ["http://127.0.0.1:9/mcp", /./],
    [other.url, /./],
  ] as const) {
    await connect(address);
    await dialog.getByRole("alert").filter({ hasText: expected }).waitFor({ timeout: 20_000 });
    await dialog.getByRole("button", { name: "Connect" }).isEnabled();
  }
  await connect(live.url);
  await dialog.getByText("Connected to").waitFor();
  await close();
});
