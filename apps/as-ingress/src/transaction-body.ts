import { z } from 'zod';

const Body = z.looseObject({ events: z.array(z.unknown()) });

/** What a homeserver may send beside events, by the names it has had so far. The bridge has no use for any of it yet. */
const partOfKey: Readonly<Record<string, string>> = {
  ephemeral: 'ephemeral',
  'de.sorunome.msc2409.ephemeral': 'ephemeral',
  to_device: 'to_device',
  'de.sorunome.msc2409.to_device': 'to_device',
  device_lists: 'device_lists',
  'org.matrix.msc3202.device_lists': 'device_lists',
  device_one_time_keys_count: 'device_keys',
  'org.matrix.msc3202.device_one_time_keys_count': 'device_keys',
  device_unused_fallback_key_types: 'device_keys',
  'org.matrix.msc3202.device_unused_fallback_key_types': 'device_keys',
};

export interface Transaction {
  readonly events: readonly unknown[];
  /** How many items came beside the events, by a bounded set of names fit for a metric's label. */
  readonly ignored: ReadonlyMap<string, number>;
}

/** Reads the body of a transaction; undefined when it is not JSON in UTF-8 with a list of `events`. */
export function parseTransaction(body: Uint8Array): Transaction | undefined {
  const parsed = Body.safeParse(parseJson(body));
  if (!parsed.success) return undefined;
  const { events, ...rest } = parsed.data;
  const ignored = new Map<string, number>();
  for (const [key, value] of Object.entries(rest)) {
    const part = Object.hasOwn(partOfKey, key) ? partOfKey[key]! : 'other';
    ignored.set(part, (ignored.get(part) ?? 0) + (Array.isArray(value) ? value.length : 1));
  }
  return { events, ignored };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
