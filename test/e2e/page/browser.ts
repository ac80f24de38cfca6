// A browser page on the built playground: serves it, watches for errors and policy violations, cleans up.
import { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright";

export const root: string = process.env["EDGE_GUARD_ROOT"]!;

interface StaticServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Chromium without anything that calls out. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["EDGE_GUARD_CHROMIUM"]!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Serves a folder of the project, `dist/playground` say, on a free port. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const { serve } = await import(pathToFileURL(`${root}/.tools/serve.mjs`).href);
  return serve({ folder: `${root}/${folder}` });
}

/** A browser and a served folder for all tests of a file; they are there once the first test begins, and closed after the last. */
export interface Site {
  readonly browser: Browser;
  readonly url: string;
}

/** Call it once, at the top of a file of tests. */
export function useSite(folder = "dist/playground"): Site {
  let browser: Browser | undefined;
  let server: StaticServer | undefined;
  before(async () => {
    server = await serveFolder(folder);
    browser = await launchChromium();
  });
  // Also where only one of them came up: a server that stays open keeps the run from ending.
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  return {
    get browser() {
      return browser!;
    },
    get url() {
      return server!.url;
    },
  };
}

export interface Playground {
  readonly page: Page;
  readonly preview: Locator;
  /** Errors of the console and the page, violations of the Content-Security-Policy, requests to elsewhere. Must stay empty. */
  readonly complaints: string[];
  /** Waits until the element has settled on a status. */
  settled(status?: "ready" | "error"): Promise<void>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Scenarios by name that take the gallery's place. */
  readonly scenarios?: { readonly [name: string]: unknown };
  readonly hash?: string;
  /** The field that people type in. Default: plain, which needs no loading. */
  readonly editor?: "code" | "plain";
  /** Whether the page may be kept for use offline; answers that a test makes up do not reach a page behind a service worker. Default: false. */
  readonly offline?: boolean;
  readonly context?: BrowserContextOptions;
}

/** Opens the playground at an address. */
export async function openPlayground(browser: Browser, url: string, options: OpenOptions = {}): Promise<Playground> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: options.offline ? "allow" : "block",
    ...options.context,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("Service Worker registration blocked by Playwright")) return;
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`page: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(url).origin) && !request.url().startsWith("data:")) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.addInitScript((kind) => {
    if (localStorage.getItem("edge-guard.editor") === null) localStorage.setItem("edge-guard.editor", kind);
  }, options.editor ?? "plain");
  const { scenarios } = options;
  if (scenarios !== undefined) {
    const index = Object.entries(scenarios).map(([name, scenario]) => ({
      name,
      title: (scenario as { title: string }).title,
      group: "Tests",
    }));
    await page.route("**/scenarios/*.json", (route) => {
      const name = decodeURIComponent(
        new URL(route.request().url()).pathname
          .split("/")
          .at(-1)!
          .replace(/\.json$/, ""),
      );
      return route.fulfill({ json: name === "index" ? index : scenarios[name] });
    });
  }
  await page.goto(url + (options.hash ?? ""));
  const preview = page.locator("policy-preview");
  return {
    page,
    preview,
    complaints,
    async settled(status = "ready") {
      await page.locator(`policy-preview[data-status="${status}"]`).waitFor({ timeout: 15_000 });
    },
    close: () => context.close(),
  };
}

/** Polls until a function gives the expected value; for what no locator can wait for. Needs no eval in the page. */
export async function eventually<Value>(read: () => Promise<Value>, expected: Value, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const actual = await read();
    if (JSON.stringify(actual) === JSON.stringify(expected)) return;
    if (Date.now() > deadline) {
      throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * The longest task of the page's main thread while something is done, in milliseconds of its own computing time: what else the
 * machine has to do does not count. Chromium only.
 */
export async function longestTask(page: Page, action: () => Promise<void>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send("Tracing.start", {
    categories: "toplevel,devtools.timeline,disabled-by-default-devtools.timeline",
  });
  await action();
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const threads = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const isTask = ({ name, ph, pid, tid }: TraceEvent) =>
    ph === "X" && name.endsWith("RunTask") && threads.some((thread) => thread.pid === pid && thread.tid === tid);
  return Math.max(0, ...events.filter(isTask).map(({ tdur = 0 }) => tdur / 1000));
}
