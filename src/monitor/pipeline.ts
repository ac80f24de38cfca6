// One tool call, phase by phase (difc.md, The pipeline of one tool call). Whatever goes wrong, nothing is released.
import { type Evaluation, evaluateFlow } from "../difc/evaluate.ts";
import { hidesMembers } from "../difc/hidden-members.ts";
import type { Labels, Mode, ResourceLabels } from "../difc/labels.ts";
import { withheldResult } from "../difc/notice.ts";
import { pointerOf } from "../difc/pointer.ts";
import { type LabelledItems, resolveItems } from "../difc/response-items.ts";
import { plainText } from "../difc/text.ts";
import { changeResult, type ToolResult, unwrapResult } from "../difc/tool-result.ts";
import { abortError, BackendError, isGuardError } from "../errors.ts";
import type { Guard } from "../guard/guard.ts";
import { type Abortable, abortable } from "./abortable.ts";
import { openAgent, taintAgent } from "./agent-phases.ts";
import { checkResourceLabels, checkResponseLabels, guardFault } from "./answers.ts";
import type { CheckedCall, Progress, Surroundings } from "./call.ts";
import { limitedResult } from "./limits.ts";
import type { Labelling, Outcome } from "./outcome.ts";
import type { AgentView } from "./state.ts";
import { createTracer } from "./tracer.ts";
import { denied, judge, type Verdict } from "./verdict.ts";

const NO_LABELS: Labels = Object.freeze({ secrecy: Object.freeze([]), integrity: Object.freeze([]) });

/** Runs a call. Rejects with AbortError or TimeoutError when the signal fires, never for another reason. */
export async function runCall(surroundings: Surroundings, call: CheckedCall, execute: () => unknown): Promise<Outcome> {
  const { server, capabilities, report } = surroundings;
  const { signal } = call;
  const tracer = createTracer(report);
  const { backend } = server;
  const progress: Progress = {
    tracer,
    abort: abortable(signal, { guard: server.guard.name }),
    options: { signal, backend, capabilities, onEvent: tracer.onEvent },
    before: NO_LABELS,
    after: NO_LABELS,
  };
  let outcome: Outcome;
  try {
    const verdict = await runPhases(surroundings, call, execute, progress);
    progress.abort.check();
    const { status, result, removed, violation, notice } = verdict;
    tracer.skipRest("Not needed");
    const agent = { before: progress.before, after: progress.after };
    outcome = {
      status,
      result,
      removed,
      ...(violation && { violation }),
      ...(notice && { notice }),
      agent,
      trace: tracer.trace,
    };
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal.reason, { guard: server.guard.name });
    const error = cause instanceof Error ? cause : new Error(String(cause));
    tracer.end("failed", plainText(error.message));
    tracer.skipRest("Not reached");
    const agent = { before: progress.before, after: progress.after };
    outcome = { status: "failed", result: withheldResult(error), error, removed: [], agent, trace: tracer.trace };
  } finally {
    progress.abort.release();
  }
  report({ type: "outcome", outcome });
  return outcome;
}

async function runPhases(
  surroundings: Surroundings,
  call: CheckedCall,
  execute: () => unknown,
  progress: Progress,
): Promise<Verdict> {
  const { server, severalServers } = surroundings;
  const { tracer, abort } = progress;

  abort.check();
  const { guard, mode, view, granted, labels, limit } = await openAgent(surroundings, call, progress);
  progress.before = labels;
  progress.after = labels;
  const opened = { agent: view.writer, reader: view.reader, granted, mode };
  if (limit !== undefined) {
    tracer.end("denied", `The limit of ${limit} for this tool is reached`, opened);
    return { status: "denied", result: limitedResult(call.tool, limit), removed: [], shown: [] };
  }
  tracer.end("ok", `The agent's labels in ${mode} mode`, opened);

  let resource: ResourceLabels;
  try {
    const answer =
      call.labels ?? (await abort.wait(guard.labelResource({ tool: call.tool, args: call.args }, progress.options)));
    resource = checkResourceLabels(answer, server.guard.name);
  } catch (error) {
    throw guardFault(error, server.guard.name, "label_resource");
  }
  const { operation } = resource;
  const { description, secrecy, integrity } = resource;
  tracer.end("ok", `A ${operation} of ${plainText(description) || "a resource"}`, {
    operation,
    resource: { description, secrecy, integrity },
  });

  const { evaluation, agent } = coarseCheck(mode, view, resource);
  if (evaluation.decision === "deny" && operation !== "read") {
    tracer.end("denied", evaluation.reason!, { evaluation });
    return denied(evaluation, agent, resource, [], 2);
  }
  tracer.end("ok", evaluation.reason ?? `The ${operation} is allowed`, { evaluation });

  const answer = await callBackend(call.tool, execute, abort);
  tracer.end("ok", "The backend answered");
  if (operation === "write") return { status: "allowed", result: answer, removed: [], shown: [] };

  const read = unwrapResult(answer);
  const items = await labelResponse(surroundings, guard, call, progress, mode, resource, read);
  const result = withoutHidden(read, progress.encoded);
  const verdict = judge({ mode, tool: call.tool, reader: view.reader, resource, coarse: evaluation, result, items });
  const blocked = verdict.status === "denied";
  const all = items?.items ?? [{ data: result.value, description, secrecy, integrity }];
  const { removed, unlabelled } = verdict;
  const labelling: Labelling = {
    kind: items?.kind ?? "none",
    path: pointerOf(items?.path ?? []),
    form: result.form,
    ...(unlabelled && { unlabelled: blocked ? "hidden" : unlabelled }),
  };
  surroundings.inspect?.({ reader: view.reader, resource, items: all, removed, blocked, labelling });
  const counts = { items: all.length, removed: blocked ? all.length : verdict.removed.length };
  tracer.end(
    blocked ? "denied" : "ok",
    verdict.violation?.reason ?? `${counts.removed} of ${counts.items} withheld`,
    counts,
  );

  if (!blocked && (mode === "propagate" || severalServers)) {
    await taintAgent(surroundings, call, progress, mode, verdict.shown);
  }
  return verdict;
}

/** Phase 2. A reader's clearance here and what it carries to a sink may differ, so the two halves are asked one by one. */
function coarseCheck(mode: Mode, view: AgentView, resource: ResourceLabels): { evaluation: Evaluation; agent: Labels } {
  const { operation } = resource;
  if (operation !== "write") {
    const evaluation = evaluateFlow(operation === "read" ? mode : "strict", "read", view.reader, resource);
    if (operation === "read" || evaluation.decision === "deny") return { evaluation, agent: view.reader };
  }
  return { evaluation: evaluateFlow(mode, "write", view.writer, resource), agent: view.writer };
}

async function callBackend(tool: string, execute: () => unknown, abort: Abortable): Promise<unknown> {
  try {
    return await abort.wait(execute());
  } catch (cause) {
    if (isGuardError(cause) && cause.code === "backend") throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError(`The call of "${tool}" failed: ${message}`, { phase: "backend", cause });
  }
}

/**
 * A text that repeats a key would tell the agent what neither guard nor items know of, so what was parsed is encoded again. Most servers
 * write as JSON.stringify does: a text that is the encoded value says nothing more, and nobody needs to look at it again.
 */
function withoutHidden(result: ToolResult, encoded: string | undefined): ToolResult {
  const { text, ...rest } = result;
  if (text === undefined) return result;
  if (text === encoded) return rest;
  if (!hidesMembers(text, result.value)) return result;
  return unwrapResult(changeResult(result, (value) => value));
}

async function labelResponse(
  surroundings: Surroundings,
  guard: Guard,
  call: CheckedCall,
  progress: Progress,
  mode: Mode,
  resource: ResourceLabels,
  result: ToolResult,
): Promise<LabelledItems | null> {
  const { tracer, abort, options } = progress;
  const { operation } = resource;
  const reason =
    operation === "read-write" && mode === "strict"
      ? "Not needed for a read-write in strict mode"
      : result.isError
        ? "An error has the labels of its resource"
        : call.labels !== undefined
          ? "The labels are fixed"
          : undefined;
  if (reason !== undefined) {
    tracer.end("skipped", reason);
    return null;
  }
  const { name } = surroundings.server.guard;
  const onResultText = (text: string): void => {
    progress.encoded = text;
  };
  let items: LabelledItems | null;
  try {
    const toolCall = { tool: call.tool, args: call.args };
    const labels = checkResponseLabels(
      await abort.wait(guard.labelResponse(toolCall, result.value, { ...options, onResultText })),
      name,
    );
    items = labels === null ? null : resolveItems(result.value, labels, resource);
  } catch (error) {
    throw guardFault(error, name, "label_response");
  }
  if (items !== null && items.skipped.length > 0) {
    const paths = items.skipped.map((path) => plainText(path, 60)).join(", ");
    const message = `Labelled paths that fit no item: ${paths}`;
    surroundings.report({ type: "log", entry: { guard: name, level: "warn", message, source: "host" } });
  }
  tracer.end(
    "ok",
    items === null
      ? "No item labels: the resource's labels stand for the whole"
      : `Labels for ${items.items.length} items`,
  );
  return items;
}
