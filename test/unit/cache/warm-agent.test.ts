// The suite of warm starts after label_agent against the sources.
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as library from "../../../src/index.ts";
import type { Library } from "../../suites/suite.ts";
import { warmSuite } from "../../suites/warm.ts";

const guard = async (name: string) =>
  new Uint8Array(await readFile(`${process.env["EDGE_GUARD_ROOT"]}/.cache/guards/${name}.wasm`));
warmSuite({ test: (name, body) => void test(name, body) }, library as unknown as Library, { name: "node", guard });
