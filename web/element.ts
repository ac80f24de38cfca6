// The custom element <policy-preview>: takes a scenario and guards, evaluates in a worker, shows what the agent would see.
import { render } from "preact";
import { createPreviewClient, type PreviewClient } from "./client.ts";
import { toErrorViews } from "./errors.ts";
import css from "./policy-preview.css";
import type {
  ErrorView,
  GuardInspection,
  PolicyApplication,
  PreviewGuardSource,
  PreviewView,
  Progress,
} from "./protocol.ts";
import { reportView } from "./view/report.tsx";

export { PreviewError } from "./errors.ts";
export type * from "./protocol.ts";

/** `loading` while an evaluation is due or under way, `ready` when its report is shown, `error` when there is none. */
export type PreviewStatus = "loading" | "ready" | "error";

/** Guards by the name that a scenario gives them, or one for every name. */
export type PreviewGuards = PreviewGuardSource | { readonly [name: string]: PreviewGuardSource };

/** What the element fires; all bubble. */
export interface PolicyPreviewEvents {
  "policy-preview:report": CustomEvent<PreviewView>;
  "policy-preview:error": CustomEvent<{ readonly errors: readonly ErrorView[] }>;
  /** Somebody applies a suggested policy. Unless it is cancelled, the element puts the policy into its scenario. */
  "policy-preview:apply": CustomEvent<PolicyApplication>;
}

function isRecord(guards: PreviewGuards): guards is { readonly [name: string]: PreviewGuardSource } {
  return typeof guards === "object" && Object.getPrototypeOf(guards) === Object.prototype;
}

/** What is loaded faster than this, in milliseconds, needs no progress bar. */
const quickMs = 150;

const sheets = new WeakMap<object, CSSStyleSheet>();

/** One sheet per window, adopted by whatever tree the element stands in; allowed under `style-src 'self'`. */
function adoptStyles(element: HTMLElement): void {
  const tree = element.getRootNode() as Document | ShadowRoot;
  const view = element.ownerDocument.defaultView ?? globalThis;
  let sheet = sheets.get(view);
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(view, sheet);
  }
  if (!tree.adoptedStyleSheets.includes(sheet)) tree.adoptedStyleSheets.push(sheet);
}

/**
 * `<policy-preview>`. Lives in light DOM, so that a page's own search, selection and tests reach the report; its rules are all
 * scoped to the element, and its colours are custom properties (`--policy-preview-accent`, …, see policy-preview.css).
 *
 * Attributes: `src`, the address of a scenario; `guard-src`, the address of the guard for every name that the scenario uses.
 * Machine contract: the element carries `data-status`, each call `data-outcome`, each item `data-visible`.
 * Fires {@link PolicyPreviewEvents}. Setting a property or attribute evaluates anew; the newest input wins.
 */
export class PolicyPreviewElement extends HTMLElement {
  static readonly observedAttributes: readonly string[] = ["src", "guard-src"];

  /** How long to wait for more input before evaluating, in milliseconds. Default: 0. */
  settleMs = 0;
  /** How long a guard may be busy before its worker is stopped, in milliseconds; counts from the next evaluation's worker on. Default: 5000. */
  deadlineMs = 5000;

  #scenario: unknown;
  #guards: PreviewGuards | undefined;
  #backendDelayMs = 0;
  #client: PreviewClient | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;
  #view: PreviewView | undefined;
  #errors: readonly ErrorView[] = [];
  #progress: Progress | undefined;
  #drawing: ReturnType<typeof setTimeout> | undefined;

  /**
   * The scenario (scenario.md) as an object. Default: the one at `src`. Two scenarios that share one `calls` array have the same
   * calls: the array is sent to the worker once, so give a changed scenario a new array.
   */
  get scenario(): unknown {
    return this.#scenario;
  }
  set scenario(scenario: unknown) {
    this.#scenario = scenario;
    this.#schedule();
  }

  /** The guards that the scenario names. Default: the one at `guard-src`. */
  get guards(): PreviewGuards | undefined {
    return this.#guards;
  }
  set guards(guards: PreviewGuards | undefined) {
    this.#guards = guards;
    this.#schedule();
  }

  /** An artificial delay before each backend answer, in milliseconds. Default: 0. */
  get backendDelayMs(): number {
    return this.#backendDelayMs;
  }
  set backendDelayMs(milliseconds: number) {
    if (!(milliseconds >= 0)) throw new RangeError(`Setting backendDelayMs: it must be 0 or more, got ${milliseconds}`);
    this.#backendDelayMs = milliseconds;
    this.#schedule();
  }

  /** The report that is shown; undefined before the first one and after an error. */
  get report(): PreviewView | undefined {
    return this.status === "error" ? undefined : this.#view;
  }

  get status(): PreviewStatus {
    return (this.dataset["status"] ?? "loading") as PreviewStatus;
  }

  connectedCallback(): void {
    adoptStyles(this);
    this.#upgrade("scenario", "guards", "backendDelayMs");
    // The live region has to be there before it has something to say.
    this.#render();
    this.#schedule();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#turn++;
    this.#client?.close();
    this.#client = undefined;
  }

  attributeChangedCallback(name: string): void {
    if (name === "src") this.#scenario = undefined;
    this.#schedule();
  }

  /** Shows an error in place of a report, for input that is no scenario yet: a file that cannot be read, JSON with a mistake. */
  fail(error: unknown): void {
    clearTimeout(this.#timer);
    this.#turn++;
    this.#show("error", toErrorViews(error));
  }

  /** Reads a guard's file without running it. Rejects with a {@link PreviewError} when it cannot be read. */
  inspectGuard(source: PreviewGuardSource): Promise<GuardInspection> {
    return this.#connect().ask({ type: "inspect", source });
  }

  /** Properties that were set before the class was known stand in the way of the accessors. */
  #upgrade(...names: ("scenario" | "guards" | "backendDelayMs")[]): void {
    for (const name of names) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete (this as { [key in typeof name]?: unknown })[name];
      (this as { [key in typeof name]: unknown })[name] = value;
    }
  }

  #connect(): PreviewClient {
    this.#client ??= createPreviewClient({ deadlineMs: this.deadlineMs });
    return this.#client;
  }

  #schedule(): void {
    if (!this.isConnected) return;
    clearTimeout(this.#timer);
    if (this.#scenario === undefined && !this.hasAttribute("src")) return;
    const turn = ++this.#turn;
    this.dataset["status"] = "loading";
    this.setAttribute("aria-busy", "true");
    this.#timer = setTimeout(() => this.#evaluate(turn), this.settleMs);
  }

  async #evaluate(turn: number): Promise<void> {
    try {
      const scenario = this.#scenario ?? (await this.#fetchScenario());
      if (turn !== this.#turn) return;
      this.#scenario = scenario;
      const request = {
        type: "run",
        scenario,
        guards: this.#guardEntries(),
        backendDelayMs: this.#backendDelayMs,
      } as const;
      const started = performance.now();
      const onProgress = (progress: Progress) => {
        if (turn === this.#turn && performance.now() - started > quickMs) this.#showProgress(progress);
      };
      const view = await this.#connect().ask(request, { onProgress });
      if (turn !== this.#turn) return;
      this.#view = view;
      this.#show("ready", []);
    } catch (error) {
      if (turn === this.#turn) this.#show("error", toErrorViews(error));
    }
  }

  async #fetchScenario(): Promise<unknown> {
    const address = new URL(this.getAttribute("src")!, document.baseURI);
    const response = await fetch(address);
    if (!response.ok) throw new Error(`Loading the scenario from "${address}": the server answered ${response.status}`);
    return response.json();
  }

  #guardEntries(): { name: string; source: PreviewGuardSource }[] {
    const guards = this.#guards ?? this.getAttribute("guard-src");
    if (guards === null) return [];
    if (!isRecord(guards)) return [{ name: "*", source: guards }];
    return Object.entries(guards).map(([name, source]) => ({ name, source }));
  }

  /**
   * Asks the worker about the last evaluation: parts of its results, policy changes that would help, comparisons.
   * Rejects with a {@link PreviewError}, or with an AbortError when `signal` fires or a newer evaluation takes over.
   */
  readonly ask: PreviewClient["ask"] = (request, options) => this.#connect().ask(request, options);

  readonly #apply = (detail: PolicyApplication): void => {
    const options = { detail, bubbles: true, cancelable: true };
    if (!this.dispatchEvent(new CustomEvent("policy-preview:apply", options))) return;
    const { servers, ...rest } = this.#scenario as { readonly servers: { readonly [id: string]: object } };
    const server = { ...servers[detail.server], policy: detail.policy };
    this.scenario = { ...rest, servers: { ...servers, [detail.server]: server } };
  };

  #render(): void {
    const [view, errors, progress] = [this.#view, this.#errors, this.#progress];
    render(reportView({ view, errors, progress, ask: this.ask, apply: this.#apply }), this);
  }

  /** Draws at most twenty times a second, however small the pieces of a download are. */
  #showProgress(progress: Progress): void {
    this.#progress = progress;
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#render();
    }, 50);
  }

  #show(status: "ready" | "error", errors: readonly ErrorView[]): void {
    this.#errors = errors;
    this.#progress = undefined;
    this.#render();
    this.dataset["status"] = status;
    this.removeAttribute("aria-busy");
    const name = status === "ready" ? "report" : "error";
    const detail = status === "ready" ? this.#view : { errors };
    this.dispatchEvent(new CustomEvent(`policy-preview:${name}`, { detail, bubbles: true }));
  }
}

/** Registers the element under a name of your choice, once. */
export function definePolicyPreview(name = "policy-preview"): void {
  if (customElements.get(name) === undefined) customElements.define(name, PolicyPreviewElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "policy-preview": PolicyPreviewElement;
  }
  interface HTMLElementEventMap extends PolicyPreviewEvents {}
}
