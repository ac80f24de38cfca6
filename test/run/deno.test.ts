// Every suite in Deno.
import { root, testProgram } from "./bundled.ts";

testProgram("deno", `${root}node_modules/deno/deno`, ["run", "-A", "--no-lock", "--quiet"]);
