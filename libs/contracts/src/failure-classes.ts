/** Why a message ends among the dead letters. Stable: operators filter by them, metrics and settings name them. */
export const deadLetterClasses = [
  'author-unknown',
  'conversation-missing',
  'conversation-unknown',
  'fhir-invalid',
  'fhir-invalid-write',
  'fhir-refused',
  'file-too-large',
  'homeserver-refused',
  'malformed-message',
  'message-too-large',
  'template-failed',
  'unexpected',
  'unknown-kind',
] as const;

export type DeadLetterClass = (typeof deadLetterClasses)[number];

/** Of a message that is not at fault itself: one before it was given up, and its conversation waits for an operator. */
export const parkedClass = 'parked';

/** What repeating cannot help, in a queue or before one. */
export type PermanentClass = DeadLetterClass | typeof parkedClass | 'never-queued' | 'queue-setup';
