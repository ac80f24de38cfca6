// The result of running one scenario file.
import type { PreviewReport } from "../monitor/outcome.ts";

/** What one file came to. */
export interface TestedFile {
  readonly file: string;
  readonly milliseconds: number;
  /** Absent when the scenario could not be run. */
  readonly report?: PreviewReport;
  readonly error?: Error;
}
