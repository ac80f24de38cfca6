// The cache suite against the sources.
import { test } from "node:test";
import { memoryCache } from "../../../src/cache/memory.ts";
import { closeCache, replaceCache } from "../../../src/cache/process-wide.ts";
import { tieredCache } from "../../../src/cache/tiered.ts";
import { loadGuard } from "../../../src/guard/load.ts";
import { compileGuard } from "../../../src/guard/module.ts";
import { prepareGuard } from "../../../src/wasm/prepare-guard.ts";
import { cacheSuite } from "../../suites/cache.ts";
import type { Library } from "../../suites/suite.ts";

const parts = { loadGuard, prepareGuard, compileGuard, memoryCache, tieredCache, replaceCache, closeCache };
cacheSuite({ test: (name, body) => void test(name, body) }, parts as unknown as Library);
