// What a Worker answers, line by line, as the lines that a run is heard by: each with "@@" before it.

/** Prints a Worker's answer as it comes, with the version of the runtime in its first line. */
export async function printLines(response, version) {
  if (!response.ok) throw new Error(`The Worker answered ${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines)
      process.stdout.write(`@@${line.replace('"runtime":"workerd"', `"runtime":"workerd ${version}"`)}\n`);
  }
}
