// The monitor's suite against the sources.
import { test } from "node:test";
import * as root from "../../../src/index.ts";
import { memoryAgents } from "../../../src/monitor/memory-agents.ts";
import { createMonitor } from "../../../src/monitor/monitor.ts";
import { monitorSuite } from "../../suites/monitor.ts";

const library = { ...root, createMonitor, memoryAgents } as never;
monitorSuite({ test: (name, body) => void test(name, body) }, library, {
  name: "node",
  guard: async () => new Uint8Array(),
});
