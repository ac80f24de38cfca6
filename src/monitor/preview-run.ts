// The servers of a scenario as a monitor with a look at what is withheld, and one call of the scenario on it.
import { type RecordedBackend, recordedBackend } from "../backend/recorded.ts";
import { evaluateFlow, readViolations } from "../difc/evaluate.ts";
import type { Labels } from "../difc/labels.ts";
import { plainText } from "../difc/text.ts";
import { BackendError } from "../errors.ts";
import type { LogEntry } from "../guard/events.ts";
import type { Inspection } from "./call.ts";
import type { MonitorEvent } from "./events.ts";
import { checkExpectation } from "./expect.ts";
import { createInspectedMonitor, type Monitor } from "./monitor.ts";
import type { MonitoredServer } from "./options.ts";
import type { JudgedItem, Labelling, Outcome, PreviewCall } from "./outcome.ts";
import type { Scenario, ScenarioCall } from "./scenario.ts";
import { type ScenarioGuardOptions, scenarioGuards } from "./scenario-guards.ts";
import type { AgentStore } from "./state.ts";

export interface PreviewOptions extends ScenarioGuardOptions {
  /** Hears what happens during calls. */
  readonly onEvent?: (event: MonitorEvent) => void;
  /** Answers each question after this time, as a server would. @default no delay */
  readonly backendDelayMs?: number;
}

/** The servers of a scenario, ready for its calls. */
export interface Run {
  readonly monitor: Monitor;
  readonly backends: ReadonlyMap<string, RecordedBackend>;
  /** What the last call showed; emptied by `take`. */
  take(): { readonly seen: Inspection | undefined; readonly log: readonly LogEntry[] };
  close(): Promise<void>;
}

/** @param state in place of a store of its own, for who wants to look into agents */
export async function openRun(scenario: Scenario, options: PreviewOptions, state?: AgentStore): Promise<Run> {
  let log: LogEntry[] = [];
  let seen: Inspection | undefined;
  const guards = scenarioGuards(options, (entry) => log.push(entry));
  const backends = new Map<string, RecordedBackend>();
  const servers: Record<string, MonitoredServer> = Object.create(null);
  try {
    const delay = options.backendDelayMs === undefined ? {} : { delayMs: options.backendDelayMs };
    for (const [id, server] of Object.entries(scenario.servers)) {
      const backend = recordedBackend(server.backend ?? [], { name: id, ...delay });
      backends.set(id, backend);
      const guard = server.guard === undefined ? undefined : await guards.get(server.guard);
      servers[id] = { guard, policy: server.policy, backend };
    }
    const monitor = createInspectedMonitor(
      {
        servers,
        mode: scenario.mode,
        state,
        onEvent(event) {
          if (event.type === "log") log.push(event.entry);
          options.onEvent?.(event);
        },
      },
      (inspection) => {
        seen = inspection;
      },
    );
    return {
      monitor,
      backends,
      take() {
        const taken = { seen, log };
        seen = undefined;
        log = [];
        return taken;
      },
      async close() {
        await monitor.close();
        await guards.close();
      },
    };
  } catch (error) {
    await guards.close();
    throw error;
  }
}

/** Makes one of the scenario's calls. */
export async function runOne(
  index: number,
  call: ScenarioCall,
  agentId: string,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<PreviewCall> {
  const { server, tool, args = {}, result, expect } = call;
  const outcome = await run.monitor.callTool({ agentId, server, tool, args, signal }, () => {
    if (result !== undefined) return result;
    throw new BackendError(`Cannot answer "${tool}": the scenario's call ${index} has no "result"`);
  });
  const { seen, log } = run.take();
  const items = seen === undefined ? [] : judgedItems(seen);
  const labelling = seen && { labelling: seen.labelling };
  const mismatches = expect === undefined ? [] : checkExpectation(expect, outcome, items, `calls[${index}].expect`);
  return {
    index,
    server,
    tool,
    args,
    outcome,
    backendResult: result ?? null,
    items,
    ...labelling,
    ...burned(outcome),
    log,
    mismatches,
  };
}

function burned({ trace }: Outcome): Pick<PreviewCall, "fuel"> {
  const figures = trace.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === "label-call" && event.fuel !== undefined ? [event.fuel] : [])),
  );
  return figures.length === 0 ? {} : { fuel: figures.reduce((sum, fuel) => sum + fuel) };
}

function judgedItems({ items, removed, blocked, reader, labelling }: Inspection): JudgedItem[] {
  const byIndex = new Map(removed.map((item) => [item.index, item]));
  const judged = items.map((item, index): JudgedItem => {
    const found = byIndex.get(index);
    const { data, secrecy, integrity } = item;
    const place = placeOf(index, labelling);
    if (found !== undefined) return { ...found, visible: false, data, ...place };
    const description = plainText(item.description) || `item ${index}`;
    const labels: Labels = { secrecy, integrity };
    return {
      index,
      description,
      secrecy,
      integrity,
      data,
      visible: !blocked,
      ...standing(reader, labels, blocked),
      ...place,
    };
  });
  for (const item of removed) {
    // Content without items of its own stands after the last item.
    if (item.index >= items.length) judged.push({ ...item, visible: false, data: null });
  }
  return judged;
}

function placeOf(index: number, { kind, path }: Labelling): Pick<JudgedItem, "pointer"> {
  if (kind === "legacy") return {};
  return { pointer: kind === "array" ? `${path}/${index}` : "" };
}

/** Why an item that was not removed by itself is visible, or is not. */
function standing(reader: Labels, labels: Labels, blocked: boolean): Pick<JudgedItem, "violations" | "reason"> {
  const { reason } = evaluateFlow(blocked ? "strict" : "propagate", "read", reader, labels);
  const violations = readViolations(reader, labels);
  return { violations, reason: reason ?? (blocked ? "Withheld with the rest of the response" : "") };
}
