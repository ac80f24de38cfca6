// publint and "are the types wrong?" on the packed package.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { createProject, manifest, type Project } from "../project.ts";
import { load, type Publint, type TypesWrong } from "./tools.ts";

let project: Project;
before(async () => {
  project = await createProject();
});
after(() => project.remove());

test("publint, strict, has nothing to say", async () => {
  const { publint } = await load<Publint>("publint");
  const { messages } = await publint({ pkgDir: project.package, strict: true, level: "suggestion", pack: false });
  assert.deepEqual(messages, []);
});

/** An ESM-only package: these two resolutions are CommonJS's, the first does not even know `exports`. */
const elsewhere = ["node10", "node16-cjs"];

test("are the types wrong: none, under every resolution of ESM", async () => {
  const { checkPackage, createPackageFromTarballData } = await load<TypesWrong>("@arethetypeswrong/core");
  const found = await checkPackage(createPackageFromTarballData(new Uint8Array(await readFile(project.tarball))));
  assert.ok(found.types, "The checker found no types at all");
  const { exports } = await manifest();
  assert.deepEqual(Object.keys(found.entrypoints).sort(), Object.keys(exports).sort());
  const problems = found.problems.filter(
    ({ resolutionKind, entrypoint }) =>
      !elsewhere.includes(resolutionKind ?? "") &&
      // Bytes, with whatever type a bundler gives an import of them.
      !entrypoint?.endsWith(".wasm"),
  );
  assert.deepEqual(problems, []);
});
