// Faults on their way between worker and page: to plain objects and back into one error class.
import type { ErrorView } from "./protocol.ts";

/** What the element reports when a scenario cannot be shown: everything that is wrong, each with its path if it has one. */
export class PreviewError extends Error {
  readonly errors: readonly ErrorView[];
  constructor(errors: readonly ErrorView[]) {
    super(errors.map((error) => error.message).join("\n"));
    this.name = "PreviewError";
    this.errors = errors;
  }
}

/** The faults inside a thrown value, as plain objects. */
export function toErrorViews(thrown: unknown): readonly ErrorView[] {
  return thrown instanceof PreviewError ? thrown.errors : [toErrorView(thrown)];
}

/** One fault as a plain object. */
export function toErrorView(thrown: unknown, server?: string): ErrorView {
  const { name, message, code, path, phase } = (
    thrown instanceof Error ? thrown : new Error(String(thrown))
  ) as Error & {
    readonly [key in "code" | "path" | "phase"]?: unknown;
  };
  return {
    name,
    message,
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof path === "string" ? { path } : {}),
    ...(typeof phase === "string" ? { phase } : {}),
    ...(server === undefined ? {} : { server }),
  };
}
