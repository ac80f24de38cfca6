// The ABI as data: what a guard must export, may import, and the numbers of guard-abi.md.
import type { Signature } from "./binary.ts";

export const labelFunctions = ["label_agent", "label_resource", "label_response"] as const;
export type LabelFunction = (typeof labelFunctions)[number];

export const labelSignature: Signature = "iiii>i";

/** Function exports with their types; those of labelFunctions must be there. */
export const exportSignatures: { readonly [name: string]: Signature } = {
  label_agent: labelSignature,
  label_resource: labelSignature,
  label_response: labelSignature,
  alloc: "i>i",
  dealloc: "ii>",
  _initialize: ">",
};

export const environmentImports: { readonly [name: string]: Signature } = {
  call_backend: "iiiiii>i",
  host_log: "iii>",
};

export const wasiModule = "wasi_snapshot_preview1";

/** Everything that preparation adds to a module is exported under this prefix, or in the custom section of this name. */
export const reserved = "edge_guard.";
export const preparedSection = "edge-guard.prepared";

/** The exported function of a module that counts: sets what its guest has left to burn, answers what was left. See fuel.ts. */
export const fuelExport = "edge_guard.fuel";
/** Module and name of the function that such a module imports and calls when nothing is left. */
export const fuelImport: { readonly module: string; readonly name: string } = {
  module: "edge_guard",
  name: "out_of_fuel",
};

/** Goes up when the same bytes would be prepared differently; part of every cache key. */
export const preparationVersion = 2;

export const pageSize = 65536;
export const defaultMemoryPages = 512;
export const defaultBackendCalls = 128;
export const maximumInputBytes: number = 8 * 1024 * 1024;
export const firstOutputBytes: number = 4 * 1024 * 1024;
export const maximumOutputBytes: number = 16 * 1024 * 1024;
export const callAttempts = 3;
