// What messagePortBackend and serveBackend say to each other: types only, told apart by `type`.

/** A question. */
export interface AskMessage {
  readonly type: "edge-guard.ask";
  /** Chosen by who asks, unique among its questions. */
  readonly id: number;
  readonly tool: string;
  readonly args: unknown;
}

/** Nobody waits for this answer any more. */
export interface CancelMessage {
  readonly type: "edge-guard.cancel";
  readonly id: number;
}

/** The answer to a question. */
export interface AnswerMessage {
  readonly type: "edge-guard.answer";
  readonly id: number;
  readonly result: unknown;
}

/** There is no answer. */
export interface FaultMessage {
  readonly type: "edge-guard.fault";
  readonly id: number;
  readonly error: { readonly name: string; readonly message: string; readonly transient: boolean };
}

/** The sender leaves: no further questions, no further answers. */
export interface LeaveMessage {
  readonly type: "edge-guard.leave";
}

export type ToServer = AskMessage | CancelMessage | LeaveMessage;
export type ToClient = AnswerMessage | FaultMessage | LeaveMessage;
