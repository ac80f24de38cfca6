// Started in Deno and Bun with the folder of guards; prints the outcomes as JSON.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { collect } from "./collect.ts";

const [name = "", folder] = process.argv.slice(2);
const outcomes = await collect({
  name,
  guard: async (guard) => new Uint8Array(await readFile(`${folder}/${guard}.wasm`)),
});
console.log(JSON.stringify(outcomes));
