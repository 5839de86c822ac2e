import { messages, type MessageKind, type MessageOf } from '@bridge/contracts';
import { MalformedMessageError, UnknownKindError } from './errors';

/**
 * The bytes of a message, after its contract's schema has seen it.
 * @throws MalformedMessageError
 */
export function encodeMessage<K extends MessageKind>(kind: K, data: MessageOf<K>): Uint8Array {
  return Buffer.from(JSON.stringify(parse(kind, data)));
}

/**
 * The message in these bytes, in the shape of its contract.
 * @throws MalformedMessageError, UnknownKindError
 */
export function decodeMessage(kind: string, payload: Uint8Array): unknown {
  if (!isKind(kind)) throw new UnknownKindError(kind);
  return parse(kind, parseJson(kind, payload));
}

/**
 * A kind as a metric's label. Kinds of dead letters and of foreign messages are what a stranger chose, and labels must
 * come from a small set.
 */
export function kindLabel(kind: string): string {
  return isKind(kind) ? kind : 'unknown';
}

/** Whether it is a kind of message that the bridge knows. */
export function isKind(kind: string): kind is MessageKind {
  return Object.hasOwn(messages, kind);
}

function parse(kind: MessageKind, data: unknown): unknown {
  const result = messages[kind].schema.safeParse(data);
  if (result.success) return result.data;
  // The names of members that the schema knows; those of members that it does not know are not in a path.
  throw new MalformedMessageError(
    kind,
    result.error.issues.map(({ path, code }) => `${path.join('.') || 'the whole'} (${code})`),
  );
}

function parseJson(kind: string, payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    // The SyntaxError quotes the payload: it is dropped on purpose.
    throw new MalformedMessageError(kind, ['the whole (not JSON)']);
  }
}
