// The neutral root of edge-guard: nothing here depends on a runtime. Runtime-specific parts live at edge-guard/node and the like.
export type { AskOptions, Backend } from "./backend/backend.ts";
export { type FunctionBackendOptions, functionBackend } from "./backend/function.ts";
export { type HttpBackendOptions, httpBackend } from "./backend/http.ts";
export { type LimitOptions, withLimit } from "./backend/limit.ts";
export { type McpClientLike, type McpClientOptions, mcpBackend } from "./backend/mcp.ts";
export { type MemoizedOptions, memoized } from "./backend/memoized.ts";
export { type BackendServer, type MessagePortLike, messagePortBackend, serveBackend } from "./backend/message-port.ts";
export {
  type RecordedBackend,
  type RecordedEntry,
  type RecordingBackend,
  recordedBackend,
  recordingBackend,
} from "./backend/recorded.ts";
export { type RetryOptions, withRetry } from "./backend/retry.ts";
export { withTimeout } from "./backend/timeout.ts";
export type {
  CacheEvent,
  CacheListener,
  MaybePromise,
  ModuleCache,
  StreamedModule,
  StreamingStore,
} from "./cache/cache.ts";
export { type CacheStorageCacheOptions, cacheStorageCache } from "./cache/cache-storage.ts";
export { defaultCache } from "./cache/default.ts";
export { type IndexedDbCacheOptions, indexedDbCache } from "./cache/indexed-db.ts";
export { type MemoryCacheOptions, memoryCache } from "./cache/memory.ts";
export { closeCache, replaceCache } from "./cache/process-wide.ts";
export { tieredCache } from "./cache/tiered.ts";
export type { WarmStartOptions } from "./cache/warm.ts";
export { type Evaluation, evaluate } from "./difc/evaluate.ts";
export type {
  AgentLabels,
  ItemLabels,
  Labels,
  LegacyResponseLabels,
  Mode,
  Operation,
  PathResponseLabels,
  ResourceLabels,
  ResponseLabels,
  Tag,
} from "./difc/labels.ts";
export {
  AbortError,
  BackendError,
  CacheError,
  ClosedError,
  ExitError,
  type FaultContext,
  GuardError,
  type GuardErrorCode,
  GuardReturnError,
  isGuardError,
  LimitError,
  ModuleError,
  type ModuleErrorCode,
  PoisonedError,
  PolicyError,
  ProtocolError,
  ScenarioError,
  StateError,
  TimeoutError,
  TrapError,
} from "./errors.ts";
export type { CallEvent, GuardEvent, HealthEvent, LogEntry, QuestionEvent, SleepEvent } from "./guard/events.ts";
export type { CallOptions, Guard, ToolCall } from "./guard/guard.ts";
export type { ForkOptions, GuardLimits, InstantiateOptions } from "./guard/instance-options.ts";
export { type LoadGuardOptions, loadGuard } from "./guard/load.ts";
export { type CompileGuardOptions, compileGuard, type GuardModule } from "./guard/module.ts";
export { noopGuard } from "./guard/noop.ts";
export { createGuardRegistry, type GuardRegistry } from "./guard/registry.ts";
export { type GuardSession, type GuardSessions, type GuardSessionsOptions, guardSessions } from "./guard/sessions.ts";
export type { WasmGuard } from "./guard/wasm-guard.ts";
export { type WorkerGuard, type WorkerGuardOptions, type WorkerLike, workerGuard } from "./guard/worker-guard.ts";
export { serveGuard, type WorkerScope } from "./guard/worker-host.ts";
export { type WriteSinkOptions, writeSinkGuard } from "./guard/write-sink.ts";
export type { MonitorEvent, MonitoredCall } from "./monitor/events.ts";
export { type MemoryAgentsOptions, memoryAgents } from "./monitor/memory-agents.ts";
export { type Agents, createMonitor, type Monitor, type MonitoredToolCall } from "./monitor/monitor.ts";
export type { MonitoredServer, MonitorOptions } from "./monitor/options.ts";
export type {
  JudgedItem,
  Labelling,
  Mismatch,
  MissingAnswer,
  Notice,
  Outcome,
  OutcomeStatus,
  PhaseTrace,
  PreviewCall,
  PreviewReport,
  RemovedItem,
  Violation,
} from "./monitor/outcome.ts";
export { type GuardChoice, type PreviewOptions, preview } from "./monitor/preview.ts";
export {
  type Expectation,
  parseScenario,
  type Scenario,
  type ScenarioCall,
  type ScenarioGuard,
  type ScenarioServer,
} from "./monitor/scenario.ts";
export { type AgentState, type AgentStore, emptyState, type StateChange } from "./monitor/state.ts";
export { labelAgentPayload, parsePolicy } from "./policy/parse.ts";
export type { AllowOnlyPolicy, IntegrityLevel, Policy, WriteSinkPolicy } from "./policy/policy.ts";
export { acceptFor } from "./policy/scopes.ts";
export { type GuardReport, inspectGuard } from "./wasm/inspect.ts";
export type { PrepareOptions } from "./wasm/prepare.ts";
export { prepareGuard } from "./wasm/prepare-guard.ts";
export type { GuardSource, LoadProgress } from "./wasm/source.ts";
