// The questions that need nothing of a particular runtime. Which is asked where: questions.json.
import { cache } from "./cache.ts";
import { call } from "./call.ts";
import type { Bench, Environment, Row } from "./environment.ts";
import { evaluate } from "./evaluate.ts";
import { filter } from "./filter.ts";
import { fuel } from "./fuel.ts";
import { growth } from "./growth.ts";
import { instantiate } from "./instantiate.ts";
import { load } from "./load.ts";
import { compare, paceOf, startHere } from "./measure.ts";
import { memory } from "./memory.ts";
import { preview } from "./preview.ts";
import { jspi, suspension } from "./suspension.ts";

export const questions: Readonly<Record<string, Bench>> = {
  call,
  suspension,
  jspi,
  instantiate,
  load,
  cache,
  filter,
  evaluate,
  preview,
  fuel,
  memory,
  growth,
};

/** Asks one question in this process; `write` gets the rows as they come. */
export async function ask(
  { groups, bench }: Bench,
  environment: Environment,
  write: (rows: readonly Row[]) => void | Promise<void>,
): Promise<void> {
  for (const group of (await groups?.(environment)) ?? []) {
    if (group.whole && environment.quick) continue;
    const started = [];
    for (const contender of group.contenders) started.push(await startHere(contender));
    await write(await compare(group, started, paceOf(environment.quick)));
  }
  if (bench !== undefined) await write(await bench(environment));
}
