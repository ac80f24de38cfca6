// Conformance kits for what can be plugged in: lists of cases that any test runner can run. See each kit's own file.
export { testBackend } from "./backend-conformance.ts";
