// The playground's main path in a page of every engine, driven from the page around it: no driver in between.
import { equal, ok } from "../suites/assert.ts";
import type { Environment, Library, Runner } from "../suites/suite.ts";

type View = Window & typeof globalThis;

interface Opened {
  readonly view: View;
  /** Waits until something is there; fails by saying what was waited for. */
  until<Found>(what: string, find: () => Found | null | undefined | false): Promise<Found>;
  find<Found extends HTMLElement>(selector: string): Promise<Found>;
  button(name: string): Promise<HTMLElement>;
  /** What became of each call, once the evaluation has ended. */
  outcomes(): Promise<string[]>;
  violations: string[];
  close(): void;
}

const patience = 30_000;
const policyField = '[data-field="policy-github"]';

/** Shows a page of the playground in a frame of this page. */
async function open(address: string): Promise<Opened> {
  const frame = document.createElement("iframe");
  frame.style.cssText = "width: 1200px; height: 900px";
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  frame.src = address;
  document.body.append(frame);
  await loaded;
  const view = frame.contentWindow as View;
  const violations: string[] = [];
  view.addEventListener("securitypolicyviolation", (event) =>
    violations.push(`${event.violatedDirective} ${event.blockedURI}`),
  );
  const until: Opened["until"] = async (what, find) => {
    for (const started = Date.now(); Date.now() - started < patience; ) {
      const found = find();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const text = view.document.body.textContent.replace(/\s+/g, " ").slice(0, 600);
    throw new Error(`Waited in vain for ${what}; the page says: ${text}`);
  };
  const find = <Found extends HTMLElement>(selector: string): Promise<Found> =>
    until(selector, () => view.document.querySelector<Found>(selector));
  return {
    view,
    until,
    find,
    violations,
    button: (name) =>
      until(`the button "${name}"`, () =>
        [...view.document.querySelectorAll("button")].find((one) => one.textContent?.trim() === name),
      ),
    async outcomes() {
      await find('policy-preview[data-status="ready"]');
      return [...view.document.querySelectorAll("[data-outcome]")].map((call) => call.getAttribute("data-outcome")!);
    },
    close: () => frame.remove(),
  };
}

/** Types into a field as a person does: the whole text at once, with the event that follows. */
function type(view: View, field: HTMLTextAreaElement | HTMLInputElement, text: string): void {
  const prototype = field.tagName === "TEXTAREA" ? view.HTMLTextAreaElement.prototype : view.HTMLInputElement.prototype;
  Object.getOwnPropertyDescriptor(prototype, "value")!.set!.call(field, text);
  field.dispatchEvent(new view.Event("input", { bubbles: true }));
}

const policyOf = (level: string): string => `{"allow-only":{"repos":["acme/*"],"min-integrity":"${level}"}}`;

/** Runs where the environment says where the playground stands. */
export function playgroundSuite(runner: Runner, _library: Library, { playground }: Environment): void {
  if (playground === undefined) return;
  const scenario = `${playground}#scenario=injected-issue-filter`;
  const main = (name: string, kind: "plain" | "code", body: (opened: Opened) => Promise<void>): void =>
    runner.test(`playground: ${name}`, async () => {
      localStorage.setItem("edge-guard.editor", kind);
      const opened = await open(scenario);
      try {
        await opened.outcomes();
        await body(opened);
        equal(opened.violations, []);
      } finally {
        opened.close();
      }
    });

  main("a scenario is evaluated, and another one chosen in the gallery", "plain", async (opened) => {
    ok((await opened.outcomes()).includes("filtered"), "something is filtered");
    (await opened.find('[data-scenario="injected-issue-strict"]')).click();
    await opened.find('[data-scenario="injected-issue-strict"][aria-current="true"]');
    await opened.until("a denied call", () => opened.view.document.querySelector('[data-outcome="denied"]'));
  });

  main("a policy is edited in the plain field; its mistake has a line", "plain", async (opened) => {
    const field = await opened.find<HTMLTextAreaElement>(`${policyField} textarea`);
    type(opened.view, field, policyOf("aproved"));
    await opened.find('policy-preview[data-status="error"]');
    const problems = await opened.find(`${policyField} .problems li`);
    ok(/Line 1, column \d+/.test(problems.textContent!), problems.textContent!);
    type(opened.view, field, policyOf("none"));
    await opened.find('policy-preview[data-status="ready"]');
    await opened.until("an allowed call", () => opened.view.document.querySelector('[data-outcome="allowed"]'));
  });

  main("the code editor takes the field's place, and what is typed there counts", "code", async (opened) => {
    await opened.find(`${policyField}[data-editor="code"]`);
    const host = await opened.find(`${policyField} .code`);
    const content = await opened.until("the editor's text", () =>
      host.shadowRoot?.querySelector<HTMLElement>(".cm-content"),
    );
    opened.view.focus();
    content.focus();
    opened.view.getSelection()!.selectAllChildren(content);
    await new Promise((resolve) => setTimeout(resolve, 100));
    ok(opened.view.document.execCommand("insertText", false, policyOf("aproved")), "the browser types");
    await opened.find('policy-preview[data-status="error"]');
    await opened.until("a squiggle", () => host.shadowRoot?.querySelector(".cm-lintRange-error"));
    const sheets = host.shadowRoot!.adoptedStyleSheets.length;
    ok(sheets > 0 && host.shadowRoot!.querySelector("style") === null, "its styles are adopted, none is inline");
  });

  main("a link holds the edited scenario", "plain", async (opened) => {
    type(opened.view, await opened.find<HTMLTextAreaElement>(`${policyField} textarea`), policyOf("none"));
    await opened.until("an allowed call", () => opened.view.document.querySelector('[data-outcome="allowed"]'));
    (await opened.button("Share")).click();
    const link = await opened.find<HTMLInputElement>("dialog .link");
    const before = await opened.outcomes();
    const other = await open(link.value);
    equal(await other.outcomes(), before);
    other.close();
  });

  main("a pasted result becomes a call", "plain", async (opened) => {
    const before = (await opened.outcomes()).length;
    (await opened.button("Import")).click();
    const field = await opened.find<HTMLTextAreaElement>("dialog textarea");
    type(opened.view, field, JSON.stringify([{ number: 7, title: "A pasted issue", author_association: "NONE" }]));
    await opened.find('[data-material="result"]');
    (await opened.button("Add this call")).click();
    await opened.until("one more call", () => opened.view.document.querySelectorAll("[data-outcome]").length > before);
  });

  main("work is there again after a reload, until a fresh start", "plain", async (opened) => {
    type(opened.view, await opened.find<HTMLTextAreaElement>(`${policyField} textarea`), policyOf("none"));
    await opened.outcomes();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const again = await open(playground);
    (await again.find('[data-notice="restored"]')).querySelector("button")!.click();
    await again.until("a filtered call", () => again.view.document.querySelector('[data-outcome="filtered"]'));
    const fresh = await open(playground);
    await fresh.outcomes();
    equal(fresh.view.document.querySelector("[data-notice]"), null);
    fresh.close();
    again.close();
  });

  main("every file is kept for use without a network", "plain", async ({ view, until }) => {
    const registration = await view.navigator.serviceWorker.ready;
    await until("the service worker in charge", () => registration.active?.state === "activated");
    const names = await view.caches.keys();
    const name = names.find((one) => one.startsWith("edge-guard-playground "))!;
    const kept = await (await view.caches.open(name)).keys();
    const paths = kept.map(({ url }) => url.slice(playground.length));
    for (const wanted of [
      "index.html",
      "main.js",
      "preview-worker.js",
      "guards/repo-guard.wasm",
      "docs.html",
      "embed.html",
    ])
      ok(paths.includes(wanted), `${wanted} is among ${paths.length} files`);
    await registration.unregister();
  });

  runner.test("playground: the frame for other pages is driven by messages", async () => {
    const opened = await open(`${playground}embed.html`);
    try {
      const heard: { type: string; report?: { calls: { status: string }[] } }[] = [];
      const hear = ({ data, source }: MessageEvent): void => {
        if (source === opened.view) heard.push(data);
      };
      addEventListener("message", hear);
      const { href } = new URL("scenarios/injected-issue-filter.json", playground);
      const wanted: unknown = await (await fetch(href)).json();
      opened.view.postMessage({ type: "policy-preview:load", scenario: wanted }, location.origin);
      const message = await opened.until("a report", () =>
        heard.find(({ type: one }) => one === "policy-preview:report"),
      );
      ok(
        message.report!.calls.some(({ status }) => status === "filtered"),
        "something is filtered",
      );
      removeEventListener("message", hear);
    } finally {
      opened.close();
    }
  });
}
