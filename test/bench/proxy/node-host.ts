// The proxies in a Node process of their own: node-host.mjs <upstream> <guard.wasm>. Writes its port.
import { loadGuardFile, nodeFetch, serveHttp } from "edge-guard/node";
import { guarded, holding, plain, route } from "./handlers.ts";

const [upstream = "", guardFile = ""] = process.argv.slice(2);
const guard = await loadGuardFile(guardFile);
const handler = route({
  "/guarded": guarded(upstream, guard, nodeFetch()),
  "/guarded-fetch": guarded(upstream, guard),
  "/plain": plain(upstream),
  "/held": holding(upstream),
  "/labelled": holding(upstream, guard),
});
const { port } = await serveHttp((request) => handler(request));
console.log(port);
