// Server-sent events: text in pieces of any size goes in, the data of each whole "message" event comes out.

/** What a stream says for taking it up again where it broke off. */
export interface StreamPosition {
  /** The last event's id; `""` when there was none. */
  id: string;
  /** After how many milliseconds the server wants to be asked again. */
  retry: number | undefined;
}

/**
 * Makes a parser of an event stream (WHATWG HTML, Server-sent events). Lines end with CR, LF or CRLF, also across pieces;
 * comments, unknown fields and events of another type are skipped; an event that the stream's end cuts off never comes out.
 * Takes time linear in the text, however it is cut.
 *
 * @param position is kept up to date with the whole events so far
 */
export function createEventParser(onData: (data: string) => void, position?: StreamPosition): (piece: string) => void {
  let rest = "";
  let id: string | undefined;
  let afterReturn = false;
  let type = "";
  let data: string[] = [];

  const readLine = (line: string): void => {
    if (line === "") {
      const text = data.join("\n");
      const wanted = data.length > 0 && (type === "" || type === "message");
      data = [];
      type = "";
      if (position !== undefined && id !== undefined) position.id = id;
      if (wanted) onData(text);
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== "data" && field !== "event" && (position === undefined || (field !== "id" && field !== "retry")))
      return;
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "data") data.push(value);
    else if (field === "event") type = value;
    else if (field === "id") id = value.includes("\0") ? id : value;
    else if (/^\d{1,9}$/.test(value)) position!.retry = Number(value);
  };

  return (piece) => {
    if (piece === "") return;
    let start = afterReturn && piece[0] === "\n" ? 1 : 0;
    const ends = /\r\n?|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(piece); end !== null; end = ends.exec(piece)) {
      const line = rest + piece.slice(start, end.index);
      rest = "";
      start = ends.lastIndex;
      readLine(line);
    }
    afterReturn = piece.endsWith("\r");
    rest += piece.slice(start);
  };
}
