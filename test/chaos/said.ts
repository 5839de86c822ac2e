/** From where to where: said in Matrix and to be recorded, or written in FHIR and to be shown. */
export type Direction = 'to-fhir' | 'to-matrix';

/** A message whose server has answered that it has it. */
export interface SaidMessage {
  readonly body: string;
  /** performance.now() when the request was first made, and when it was answered. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What one person says in one conversation, one message after the other is answered. */
export interface Lane {
  readonly direction: Direction;
  /** Number of the conversation. */
  readonly conversation: number;
  /** Begins every body of the lane, and of no other. */
  readonly prefix: string;
  readonly said: readonly SaidMessage[];
}
