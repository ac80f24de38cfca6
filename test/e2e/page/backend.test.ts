// The guard's questions to the backend: shown, answered by editing, filled in, delayed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, openPlayground, useSite } from "./browser.ts";
import { filtered, unanswered } from "./scenarios.ts";

const site = useSite();

test("an edited answer changes what the agent sees, and becomes part of the scenario", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  await settled();
  const panel = page.getByRole("region", { name: /Questions to the backend/ });
  assert.match((await panel.textContent())!, /get_repository/);
  const answer = panel.getByRole("textbox", { name: "Answer of github" });
  assert.match(await answer.inputValue(), /"private": false/);
  // In a private repository everything counts as approved: sample-guard.md, Integrity of an item.
  await answer.fill('{ "private": true }');
  await eventually(() => preview.locator('[data-visible="false"]').count(), 0, "hidden items of a private repository");
  assert.equal(await answer.inputValue(), '{ "private": true }', "the text stays as it was typed");
  await answer.fill('{ "private": tru');
  await page.locator('[data-field="answer-get_repository"] .problems').getByText("This is not JSON yet").waitFor();
  await answer.fill('{ "private": false }');
  await eventually(() => preview.locator('[data-visible="false"]').count(), 2, "hidden items of a public repository");
  await page.getByText("The whole scenario as JSON").click();
  assert.match(
    await page.getByRole("textbox", { name: "Scenario", exact: true }).inputValue(),
    /"result": \{\s*"private": false\s*\}/,
  );
  await playground.close();
});

test("a question without an answer is listed, and one click fills it in", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { unanswered } });
  const { page, settled } = playground;
  await settled();
  const panel = page.getByRole("region", { name: /Questions to the backend/ });
  await panel.locator('[data-question="get_repository"][data-answered="false"]').waitFor();
  await panel.getByRole("button", { name: "Fill in the missing answer" }).click();
  await panel.locator('[data-question="get_repository"][data-answered="true"]').waitFor();
  assert.equal(await panel.getByRole("button", { name: /Fill in/ }).count(), 0);
  await settled();
  await playground.close();
});

test("the delay slider delays answers, not the page", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, settled } = playground;
  await settled();
  const slider = page.getByRole("slider", { name: "Delay of each answer" });
  await slider.fill("1500");
  const started = Date.now();
  assert.equal(await slider.getAttribute("aria-valuetext"), "1500 milliseconds");
  await page.getByRole("searchbox", { name: "Search scenarios" }).fill("two");
  assert.equal(await preview.getAttribute("data-status"), "loading");
  await settled();
  const took = Date.now() - started;
  assert.ok(took >= 1400, `ready after ${took} ms`);
  await preview.locator('[data-outcome="filtered"]').waitFor();
  await playground.close();
});

test("waiting for slow answers is no work: the deadline of a busy guard does not end it", async () => {
  const playground = await openPlayground(site.browser, site.url, { hash: "#scenario=injected-issue-filter" });
  const { page, preview, settled } = playground;
  await settled();
  await page.getByRole("slider", { name: "Delay of each answer" }).fill("2000");
  const started = Date.now();
  await settled();
  const took = Date.now() - started;
  assert.ok(took > 5000, `three questions of 2 s took ${took} ms`);
  await preview.locator('[data-outcome="denied"]').waitFor();
  await playground.close();
});

test("each question tells who asked it; an answer can be let fail, mended, taken back, and all of it replayed", async () => {
  const playground = await openPlayground(site.browser, site.url, { scenarios: { filtered } });
  const { page, preview, complaints, settled } = playground;
  await settled();
  const question = page.getByRole("region", { name: /Questions to the backend/ }).locator("[data-question]");
  assert.match((await question.textContent())!, /Asked in call 1, \d+ ms/);
  // A backend that cannot say: the guard takes the repository for private.
  await question.getByRole("button", { name: "Let it fail" }).click();
  const secrecy = preview.locator('[data-index="0"] .pp-secrecy');
  await secrecy.getByText("private:acme").waitFor();
  await question.getByRole("textbox", { name: "Fails with" }).fill("rate limited");
  await question.getByText("rate limited", { exact: false }).first().waitFor();
  await question.getByRole("button", { name: "Answer it" }).click();
  await secrecy.getByText("public").waitFor();
  await question.getByRole("textbox", { name: "Answer of github" }).fill('{ "private": true }');
  await eventually(() => preview.locator('[data-visible="false"]').count(), 0, "hidden items of a private repository");
  await question.getByRole("button", { name: "Back to the recorded answer" }).click();
  await eventually(() => preview.locator('[data-visible="false"]').count(), 2, "hidden items as recorded");
  const reports = await page.evaluateHandle(() => {
    const seen = { count: 0 };
    document.addEventListener("policy-preview:report", () => seen.count++);
    return seen;
  });
  await page.getByRole("button", { name: "Replay with these answers" }).click();
  await eventually(() => reports.evaluate(({ count }) => count), 1, "reports after the replay");
  assert.deepEqual(complaints, []);
  await playground.close();
});
