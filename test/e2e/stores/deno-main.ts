// What Deno runs: the store in a KV on disk. `kit <file>`, `gain <file> <tag>`, `tags <file>`.
import { type DenoKvLike, denoKvAgents } from "edge-guard/deno";
import { gainAndCount, runKit, tagsOf } from "./kit.ts";

declare const Deno: { readonly args: string[]; openKv(path: string): Promise<DenoKvLike & { close(): void }> };

const [what, file = "", tag = ""] = Deno.args;
const kv = await Deno.openKv(file);
const store = denoKvAgents(kv, { prefix: "kept" });
let made = 0;
const answer = async (): Promise<unknown> => {
  if (what === "kit") {
    const create = () => denoKvAgents(kv, { prefix: `run ${++made}` });
    const others = await Promise.all([Deno.openKv(file), Deno.openKv(file)]);
    const results = await runKit("denoKvAgents", create, () =>
      [kv, ...others].map((one) => denoKvAgents(one, { prefix: "hands", attempts: 5000 })),
    );
    for (const other of others) other.close();
    return results;
  }
  if (what === "large") {
    const random = (): string =>
      Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16)).join("");
    const gained = Array.from({ length: 4000 }, random);
    const failed = await store
      .transact("large", (state) => ({ next: { ...state, gained }, value: "" }))
      .catch((error: { code: string }) => error.code);
    return [failed, await tagsOf(store, "large")];
  }
  if (what === "gain") await gainAndCount(store, "kept", tag);
  if (what === "race")
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        gainAndCount(denoKvAgents(kv, { prefix: "race", attempts: 5000 }), "a", `${tag}${n}`),
      ),
    );
  if (what === "raced") return (await tagsOf(denoKvAgents(kv, { prefix: "race" }), "a")).length;
  return tagsOf(store, "kept");
};
console.log(JSON.stringify(await answer()));
kv.close();
