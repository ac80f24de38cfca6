// Every suite in Bun.
import { root, testProgram } from "./bundled.ts";

testProgram("bun", `${root}node_modules/bun/bin/bun.exe`, []);
