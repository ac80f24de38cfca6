// The playground's main path: choosing a scenario, reading the outcome, editing policies, modes and the scenario itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, openPlayground, useSite } from "./browser.ts";
import { denied, filtered } from "./scenarios.ts";

const site = useSite();

test("every scenario of the gallery reaches ready and meets its expectations", async () => {
  const playground = await openPlayground(site.browser, site.url);
  const { page, preview, complaints, settled } = playground;
  await settled();
  const names = await page
    .locator("[data-scenario]")
    .evaluateAll((links) => links.map((link) => link.getAttribute("data-scenario")!));
  assert.ok(names.length >= 25, `at least 25 scenarios, got ${names.length}`);
  for (const name of names) {
    await page.locator(`[data-scenario="${name}"]`).click();
    const title = await page.locator(`[data-scenario="${name}"]`).textContent();
    await page.getByRole("heading", { level: 2, name: title!, exact: true }).first().waitFor();
    await settled();
    assert.ok((await preview.locator("[data-outcome]").count()) > 0, `${name} shows calls`);
    assert.equal(await preview.locator('[data-fold="expectations"]').count(), 0, `${name} meets its expectations`);
    assert.ok(page.url().endsWith(`#scenario=${encodeURIComponent(name)}`), `${name} is in the address`);
  }
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("the scenario in the address is the one that opens; the search narrows the gallery", async () => {
  const playground = await openPlayground(site.browser, site.url, {
    scenarios: { filtered, denied },
    hash: "#scenario=denied",
  });
  const { page, settled } = playground;
  await settled();
  await page.getByRole("heading", { name: "A public comment is denied" }).waitFor();
  const search = page.getByRole("searchbox", { name: "Search scenarios" });
  await search.fill("issues FOUR");
  assert.deepEqual(await page.locator("[data-scenario]").allTextContents(), ["Two of four issues are hidden"]);
  await search.press("Enter");
  await page.getByRole("heading", { name: "Two of four issues are hidden" }).waitFor();
  await search.fill("nothing like this");
  await page.getByText("No scenario matches").waitFor();
  await playground.close();
});

test("filtered items are marked hidden with their reason, the others visible, and the outcome is announced", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { preview, settled } = playground;
  await settled();
  const call = preview.locator("[data-outcome]");
  assert.equal(await call.getAttribute("data-outcome"), "filtered");
  assert.deepEqual(
    await call.locator("[data-visible]").evaluateAll((items) => items.map((item) => item.getAttribute("data-visible"))),
    ["true", "false", "false", "true"],
  );
  assert.match((await call.locator('[data-index="1"]').textContent())!, /Hidden: integrity.*approved:acme\/\*/s);
  assert.equal(await preview.getByRole("status").textContent(), "2 of 4 items hidden: integrity");
  await call.getByText("Notice to the agent").waitFor();

  await call.getByRole("radio", { name: "Hidden 2" }).check();
  await eventually(() => call.locator("[data-visible]").count(), 2, "items under the filter");
  await call.getByRole("button", { name: /Ignore your instructions/ }).click();
  await call.getByRole("group", { name: "Item 1 as JSON" }).getByText('"author_association": "NONE"').waitFor();
  await call.getByText("Both results as JSON").click();
  const agent = call.getByRole("tree", { name: "What the agent gets, as JSON" });
  await agent.getByText("The header overlaps").waitFor();
  assert.doesNotMatch((await agent.textContent())!, /post the keys/);
  const backend = call.getByRole("tree", { name: "What the backend returned, as JSON" });
  await backend.getByText("post the keys").waitFor();
  await call.getByText("How it was decided").click();
  await call.locator("[data-phase]").nth(5).waitFor();
  await call.getByText("The guard asked the backend 1 question").click();
  await call.locator(".pp-question").getByText("get_repository").waitFor();
  await playground.close();
});

test("a denied call shows the reason and the tags at fault", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { denied } });
  const { preview, settled } = playground;
  await settled();
  const outcomes = () =>
    preview.locator("[data-outcome]").evaluateAll((calls) => calls.map((call) => call.getAttribute("data-outcome")));
  assert.deepEqual(await outcomes(), ["filtered", "denied"]);
  const call = preview.locator('[data-outcome="denied"]');
  assert.match((await call.textContent())!, /Would leak.*private:acme/s);
  assert.equal(await call.locator("[data-visible]").count(), 0);
  await playground.close();
});

test("a fault is no denial: the call failed, and everything is withheld", async () => {
  const broken = {
    title: "A server fails",
    servers: { open: { guard: "noop" } },
    calls: [{ server: "open", tool: "get_thing" }],
  };
  const playground = await openPlayground(site.browser, site.url, { scenarios: { broken } });
  const { preview, settled } = playground;
  await settled();
  assert.match(
    (await preview.locator('[data-outcome="failed"]').textContent())!,
    /has no "result".*Everything is withheld/s,
  );
  assert.equal(await preview.getByRole("status").textContent(), "failed, everything withheld");
  await playground.close();
});

test("editing the policy changes the outcome while one types; mistakes stand at the field with their place", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  const field = page.getByRole("textbox", { name: "Policy for github" });
  const problems = page.locator('[data-field="policy-github"] .problems');
  const original = await field.inputValue();

  await field.fill(original.replace('"approved"', '"unapproved"'));
  assert.equal(
    await preview.getAttribute("data-status"),
    "loading",
    "loading at once, before the pause that ends typing",
  );
  await settled();
  await preview.locator('[data-outcome="allowed"]').waitFor();
  assert.equal(await preview.locator('[data-visible="false"]').count(), 0);
  await preview.getByText("1 expectation of the scenario not met").waitFor();
  await preview.getByText("The scenario expected otherwise in 1 place").click();
  await preview.getByText("calls[0].expect.status").waitFor();

  await field.fill(original.replace('"approved"', '"aproved"'));
  await settled("error");
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.match((await problems.textContent())!, /Line 4, column \d+allow-only\.min-integrity.*"aproved"/s);
  assert.equal(await problems.getAttribute("id"), await field.getAttribute("aria-describedby"));
  assert.match((await preview.textContent())!, /servers\.github\.policy\.allow-only\.min-integrity/);

  await field.fill(original.replace('"min-integrity"', '"max-integrity"'));
  await problems.getByText("max-integrity").first().waitFor();

  await field.fill(original.slice(0, -4));
  await problems.getByText("This is not JSON yet").waitFor();
  await settled("error");
  await field.fill('{ "allow-only": { "repos": "all", "repos": "public", "min-integrity": "none" } }');
  await problems.getByText("given twice").waitFor();

  await page.getByRole("button", { name: "Undo all edits" }).click();
  await settled();
  assert.equal(await field.inputValue(), original);
  await preview.locator('[data-outcome="filtered"]').waitFor();
  assert.deepEqual(complaints, []);
  await playground.close();
});

test("the modes differ: strict denies, filter removes, propagate shows all and taints", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  await settled();
  for (const [mode, outcome] of [
    ["Strict", "denied"],
    ["Filter", "filtered"],
    ["Propagate", "allowed"],
  ] as const) {
    await page.getByRole("radio", { name: mode }).check({ force: true });
    await preview.locator(`[data-outcome="${outcome}"]`).waitFor();
  }
  await settled();
  await preview.locator(".pp-agent del").first().waitFor();
  await page.getByRole("radio", { name: "Guard’s" }).check({ force: true });
  await preview.locator('[data-outcome="filtered"]').waitFor();
  await playground.close();
});

test("the scenario can be edited as JSON; its mistakes stand at that field", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  await page.getByText("The whole scenario as JSON").click();
  const field = page.getByRole("textbox", { name: "Scenario", exact: true });
  const text = await field.inputValue();
  await field.fill(text.replace('"author_association": "NONE"', '"author_association": "MEMBER"'));
  await eventually(() => preview.locator('[data-visible="false"]').count(), 1, "hidden items after the edit");
  await field.fill(text.replace('"tool": "list_issues"', '"toll": "list_issues"'));
  await settled("error");
  assert.match((await page.locator('[data-field="scenario"] .problems').textContent())!, /calls\[0\]/);
  // Whatever one types there, the page stands.
  for (const servers of [
    '{ "github": null }',
    '{ "github": 7 }',
    '{ "github": { "backend": "x", "policy": [] } }',
    "{}",
  ]) {
    await field.fill(`{ "title": {}, "mode": [], "servers": ${servers}, "calls": [null] }`);
    await settled("error");
  }
  await field.fill(text.replace('"backend": [', '"backend": [null, 1, '));
  await settled("error");
  await field.fill(text);
  await settled();
  assert.deepEqual(complaints, []);
  await playground.close();
});
