import { badJson } from './refusal';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A body as an object. @throws Refusal 400 M_NOT_JSON or M_BAD_JSON */
export function parseBody(bytes: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw badJson('The body is not JSON.', 'body');
  }
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
