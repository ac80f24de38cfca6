// The proxy on its vectors in Node.
import { test } from "node:test";
import * as library from "../../../src/index.ts";
import * as proxies from "../../../src/proxy/index.ts";
import { proxySuite } from "../../suites/proxy.ts";
import { proxyBodySuite } from "../../suites/proxy-bodies.ts";
import type { Runner } from "../../suites/suite.ts";

const runner: Runner = { test: (name, body) => void test(name, async () => body()) };

proxySuite(runner, library as never, proxies as never);
proxyBodySuite(runner, library as never, proxies as never);
