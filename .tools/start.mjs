// npm start: installs, builds, serves the playground on 127.0.0.1 (PORT, default 4173; 0 picks a free one) and prints its address.
import { build } from "./build.mjs";
import { root } from "./ensure.mjs";
import { serve } from "./serve.mjs";

console.log("Building edge-guard and its playground");
await build();
const port = Number(process.env.PORT ?? 4173);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT must be a whole number from 0 to 65535, got "${process.env.PORT}"`);
  process.exit(2);
}
try {
  const server = await serve({ folder: `${root}dist/playground`, port });
  console.log(`Playground: ${server.url}`);
} catch (error) {
  if (error?.code !== "EADDRINUSE") throw error;
  console.error(`Port ${port} of 127.0.0.1 is taken: stop what runs there, or choose another with PORT=4174 npm start`);
  process.exit(1);
}
