// The preview as a page for iframes: told what to show by its address or by postMessage. It never writes the address or the history,
// keeps nothing, and sends what it shows only to the origin that loaded it.
import { definePolicyPreview, type ErrorView, PreviewError, type PreviewView } from "edge-guard/web";
import type { FromEmbed, Theme, ToEmbed } from "./messages.ts";

definePolicyPreview();
const preview = document.querySelector("policy-preview")!;
const sampleGuard = new URL("guards/repo-guard.wasm", document.baseURI).href;
const themes: readonly unknown[] = ["system", "light", "dark"] satisfies readonly Theme[];
const host = window.parent === window ? undefined : window.parent;
/** The origin of the page that spoke to us; until then there is nobody to tell. */
let listener: string | undefined;

function tell(message: FromEmbed, origin = listener): void {
  // A page without an origin of its own can be named by no other target than every one; it is the one that holds this frame.
  if (origin !== undefined) host?.postMessage(message, origin === "null" ? "*" : origin);
}

function setTheme(theme: unknown): void {
  if (themes.includes(theme)) document.documentElement.dataset["theme"] = String(theme);
}

async function showLink(link: string): Promise<void> {
  try {
    const { decodeShare } = await import("edge-guard/analysis");
    preview.scenario = (await decodeShare(link)).scenario;
  } catch (error) {
    preview.fail(error);
  }
}

async function showNamed(name: string): Promise<void> {
  try {
    const response = await fetch(`scenarios/${encodeURIComponent(name)}.json`);
    if (!response.ok) throw new Error(`Loading the scenario "${name}": the server answered ${response.status}`);
    preview.scenario = await response.json();
  } catch (error) {
    preview.fail(error);
  }
}

/** What the address asks for: `#d1=…`, or `#scenario=…&theme=…`. */
function followAddress(): void {
  const { hash } = location;
  if (hash.startsWith("#d1=")) return void showLink(hash);
  const wanted = new URLSearchParams(hash.slice(1));
  setTheme(wanted.get("theme"));
  const name = wanted.get("scenario");
  if (name !== null) void showNamed(name);
}

function load(message: Extract<ToEmbed, { type: "policy-preview:load" }>): void {
  setTheme(message.theme);
  for (const [name, value] of Object.entries(message.properties ?? {})) {
    if (name.startsWith("--policy-preview-")) document.documentElement.style.setProperty(name, String(value));
  }
  if (message.guard !== undefined) preview.guards = message.guard ?? sampleGuard;
  if (typeof message.link === "string") void showLink(message.link);
  else if (message.scenario !== undefined) preview.scenario = message.scenario;
}

/** The same content in the whole playground. */
async function updateLink(): Promise<void> {
  const { encodeShare } = await import("edge-guard/analysis");
  const link = await encodeShare({ scenario: preview.scenario }).catch(() => undefined);
  document.querySelector<HTMLAnchorElement>("#open")!.href = link?.ok ? `./${link.hash}` : "./";
}

let errors: readonly ErrorView[] = [];
preview.addEventListener("policy-preview:report", ({ detail }) => {
  errors = [];
  document.querySelector("#title")!.textContent = detail.title || "Calls";
  tell({ type: "policy-preview:report", report: detail });
  void updateLink();
});
preview.addEventListener("policy-preview:error", ({ detail }) => {
  ({ errors } = detail);
  tell({ type: "policy-preview:error", errors });
});
new ResizeObserver(() =>
  tell({ type: "policy-preview:size", height: Math.ceil(document.body.getBoundingClientRect().height) }),
).observe(document.body);

addEventListener("message", ({ source, origin, data }: MessageEvent<Partial<ToEmbed> | null>) => {
  // Only the page that holds this frame is listened to.
  if (source !== host || host === undefined || typeof data !== "object" || data === null) return;
  if (data.type !== "policy-preview:load" && data.type !== "policy-preview:get") return;
  listener = origin;
  if (data.type === "policy-preview:load") {
    try {
      load(data as Extract<ToEmbed, { type: "policy-preview:load" }>);
    } catch (error) {
      preview.fail(error);
    }
  }
  tell({ type: "policy-preview:size", height: Math.ceil(document.body.getBoundingClientRect().height) });
  if (data.type !== "policy-preview:get") return;
  const report: PreviewView | undefined = preview.report;
  if (preview.status === "error") tell({ type: "policy-preview:error", errors });
  else if (report !== undefined) tell({ type: "policy-preview:report", report });
});
addEventListener("hashchange", followAddress);

preview.guards = sampleGuard;
followAddress();
if (location.hash === "" && host === undefined) {
  const message = "Nothing to show: give a scenario in the address, #scenario=injected-issue-filter or a link's #d1=…";
  preview.fail(new PreviewError([{ name: "TypeError", message }]));
}
tell({ type: "policy-preview:ready" }, "*");
