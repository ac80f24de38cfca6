// What a preview's report says beyond the decisions: why, what would change it, how policies and modes compare, what can be shared.
export {
  compareModes,
  comparePolicies,
  type ModeCell,
  type ModeComparison,
  type ModeRow,
  type PolicyComparison,
} from "./compare.ts";
export {
  type CoverageOptions,
  type CoverageReport,
  type ShapeCoverage,
  type ToolCoverage,
  type ToolDescription,
  toolCoverage,
} from "./coverage.ts";
export { type CallEffect, type Comparison, compareReports, type Effect, effectText } from "./effect.ts";
export { type JsonFault, jsonFault, lineAndColumn, offsetOf } from "./json-fault.ts";
export { type Material, type MaterialOptions, type MaterialProblem, readMaterial } from "./material.ts";
export type { LogFormat, LoggedItem, LogMaterial } from "./material-log.ts";
export { type ScenarioFromMaterial, type ToScenarioOptions, toScenario } from "./material-scenario.ts";
export { editPolicy, editsText, editText, type ListKey, type PolicyEdit, type ValueKey } from "./policy-edits.ts";
export {
  type ItemReference,
  type LabelKind,
  type LabelStep,
  type Provenance,
  type TagConsequence,
  type TagHistory,
  type TagSource,
  traceTags,
} from "./provenance.ts";
export { type Probe, probesFor, type Reach, type Reached, type ReachOptions, type ReachStep, reach } from "./reach.ts";
export { recordExpectations } from "./record.ts";
export {
  type RecordedServer,
  type RecordingMonitor,
  type RecordingMonitorOptions,
  recordingMonitor,
} from "./recording-monitor.ts";
export type { AnalysisOptions } from "./rerun.ts";
export {
  decodeShare,
  encodeShare,
  isShare,
  type Shared,
  type SharedLink,
  ShareError,
  type ShareOptions,
  type ShareWarning,
  semanticsVersion,
  type Unshared,
  type UnshareOptions,
} from "./share.ts";
export {
  changesFor,
  type PolicyChange,
  type Suggestions,
  type SuggestOptions,
  suggestChanges,
  type Target,
} from "./suggest.ts";
export { summarizeWithheld, type WithheldGroup, withheldText } from "./summary.ts";
