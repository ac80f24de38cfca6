// Conformance kits for what can be plugged in: lists of cases that any test runner can run. See each kit's own file.
export {
  type BackendCapabilities,
  type BackendHandler,
  type BackendUnderTest,
  type ConformanceCase,
  testBackend,
} from "./backend-conformance.ts";
export { type CacheUnderTest, testCache } from "./cache-conformance.ts";
export { type StoreUnderTest, testAgentStore } from "./state-conformance.ts";
