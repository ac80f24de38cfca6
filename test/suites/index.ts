// Every suite that runs in every runtime.
import * as analysis from "edge-guard/analysis";
import { abiSuite } from "./abi.ts";
import { analysisSuite } from "./analysis.ts";
import { backendSuite } from "./backend.ts";
import { budgetsSuite } from "./budgets.ts";
import { difcSuite } from "./difc.ts";
import { faultsSuite } from "./faults.ts";
import { monitorSuite } from "./monitor.ts";
import { policySuite } from "./policy.ts";
import { sessionsSuite } from "./sessions.ts";
import type { Environment, Library, Runner } from "./suite.ts";
import { suspensionSuite } from "./suspension.ts";
import { workerSuite } from "./worker.ts";

export type Suite = (runner: Runner, library: Library, environment: Environment) => void;

export const suites: Readonly<Record<string, Suite>> = {
  difc: difcSuite,
  policy: policySuite,
  abi: abiSuite,
  faults: faultsSuite,
  suspension: suspensionSuite,
  budgets: budgetsSuite,
  sessions: sessionsSuite,
  backend: backendSuite,
  monitor: monitorSuite,
  analysis: (runner, library, environment) => analysisSuite(runner, library, analysis, environment),
  worker: workerSuite,
};
