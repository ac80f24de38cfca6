// One call and what surrounds it, as the phases hand it on.
import type { Labels, Mode, ResourceLabels, Tag } from "../difc/labels.ts";
import type { LabelledItem } from "../difc/response-items.ts";
import type { CallOptions } from "../guard/guard.ts";
import type { GuardSessions } from "../guard/sessions.ts";
import type { Abortable } from "./abortable.ts";
import type { CallReport } from "./events.ts";
import type { Server } from "./options.ts";
import type { Labelling, RemovedItem } from "./outcome.ts";
import type { AgentStore } from "./state.ts";
import type { Tracer } from "./tracer.ts";

/** What a call needs besides its arguments. */
export interface Surroundings {
  readonly server: Server;
  readonly sessions: GuardSessions;
  readonly state: AgentStore;
  readonly mode: Mode | undefined;
  readonly capabilities: readonly Tag[] | undefined;
  /** True when what is read here can matter on another server (README.md, One agent, several servers). */
  readonly severalServers: boolean;
  readonly report: (report: CallReport) => void;
  /** Sees every item of the response, for the preview. */
  readonly inspect?: ((seen: Inspection) => void) | undefined;
}

/** What the preview may see and the agent may not. */
export interface Inspection {
  readonly reader: Labels;
  readonly resource: ResourceLabels;
  /** The items, or the whole as the only one. */
  readonly items: readonly LabelledItem[];
  readonly removed: readonly RemovedItem[];
  /** Nothing is visible. */
  readonly blocked: boolean;
  readonly labelling: Labelling;
}

/** One call, checked. */
export interface CheckedCall {
  readonly agentId: string;
  readonly tool: string;
  readonly args: unknown;
  readonly signal: AbortSignal | undefined;
  /** In place of what the guard says of the resource and the response. */
  readonly labels?: ResourceLabels | undefined;
}

/** What is known while a call runs. */
export interface Progress {
  readonly tracer: Tracer;
  readonly abort: Abortable;
  readonly options: CallOptions;
  before: Labels;
  after: Labels;
  /** The JSON text of the result as the guard got it, once it is known. */
  encoded?: string;
}
