/*
 * A list or a map comes as text from an environment variable, and as what it is from a YAML file, which passes unread.
 */

/** The parts of a text between commas. */
export function partsOf(value: unknown): unknown {
  return typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value;
}

/** The value of JSON text; other text stays what it is, and no map. */
export function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
