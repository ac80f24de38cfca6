// The list of issues that is asked for.

export const ITEMS = 30;

function issue(number: number): object {
  const body = "Steps to reproduce: build, start, look at the page. Expected a table, got an empty one.\n".repeat(4);
  return {
    ...{ number, title: `Issue ${number}`, body, comments: number % 5 },
    author_association: number % 3 === 0 ? "NONE" : "MEMBER",
    user: { login: `user${number}` },
    html_url: `https://github.com/acme/site/issues/${number}`,
  };
}

const made: readonly object[] = Array.from({ length: ITEMS }, (_, number) => issue(number));
/** Parsed, as a server's answer is: of texts that are still in parts V8 makes JSON several times slower. */
export const LIST: readonly object[] = JSON.parse(JSON.stringify(made));
