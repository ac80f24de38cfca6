// The proxy on its vectors in Node.
import { test } from "node:test";
import * as library from "../../../src/index.ts";
import * as proxies from "../../../src/proxy/index.ts";
import { proxySuite } from "../../suites/proxy.ts";

proxySuite({ test: (name, body) => void test(name, async () => body()) }, library as never, proxies as never);
