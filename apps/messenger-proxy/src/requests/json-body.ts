import { isDeeperThan } from '@bridge/signed-json';
import { badJson } from './refusal';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * How many lists and objects may be in one another: as many as any homeserver reads. Python ends at 1,000 up to 3.11 and at
 * 10,000 after it; with less, somebody could have a homeserver of the list send what is refused here, again and again.
 */
const MAX_DEPTH = 10_000;

/** A body as an object. @throws Refusal 400 M_BAD_JSON */
export function parseBody(bytes: Buffer): JsonObject {
  return parseText(bytes.toString('utf8'));
}

/** The same of a body that is a text already. @throws Refusal 400 M_BAD_JSON */
export function parseText(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badJson('The body is not JSON.', 'body');
  }
  if (isDeeperThan(text, MAX_DEPTH)) throw badJson('The body nests too deep.', 'body');
  if (!isObject(value)) throw badJson('The body is not a JSON object.', 'body');
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that is an object; an empty one where it is not there. @throws Refusal where it is something else */
export function objectIn(body: JsonObject, name: string): JsonObject {
  const value = body[name] ?? {};
  if (!isObject(value)) throw badJson(`${name} is not an object.`, 'body');
  return value;
}

/** A field that is a list; an empty one where it is not there. @throws Refusal where it is something else */
export function listIn(body: JsonObject, name: string): readonly unknown[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw badJson(`${name} is not a list.`, 'body');
  return value;
}

/** An object as a body. @throws Refusal 400 where it nests deeper than can be written */
export function bodyOf(content: JsonObject): Buffer {
  try {
    return Buffer.from(JSON.stringify(content));
  } catch (error) {
    if (error instanceof RangeError) throw badJson('The body nests too deep.', 'body');
    throw error;
  }
}
