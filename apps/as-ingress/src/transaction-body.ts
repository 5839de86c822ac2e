import { z } from 'zod';

const Body = z.looseObject({ events: z.array(z.unknown()) });

/** By their stable name and those they had before it. A homeserver may send one thing under all of them. */
const EPHEMERAL = ['ephemeral', 'de.sorunome.msc2409.ephemeral'];

/** For end-to-end encryption, which the bridge's users do not take part in: looked at, dropped, counted. */
const unusedParts: readonly (readonly [part: string, names: readonly string[], shape: z.ZodType])[] = [
  [
    'to_device',
    ['to_device', 'de.sorunome.msc2409.to_device'],
    z.array(z.looseObject({ type: z.string(), sender: z.string() })),
  ],
  [
    'device_lists',
    ['device_lists', 'org.matrix.msc3202.device_lists'],
    z.looseObject({ changed: z.array(z.string()).optional(), left: z.array(z.string()).optional() }),
  ],
  [
    'device_keys',
    [
      'device_one_time_keys_count',
      'org.matrix.msc3202.device_one_time_keys_count',
      'org.matrix.msc3202.device_one_time_key_counts',
    ],
    z.record(z.string(), z.unknown()),
  ],
  [
    'device_keys',
    ['device_unused_fallback_key_types', 'org.matrix.msc3202.device_unused_fallback_key_types'],
    z.record(z.string(), z.unknown()),
  ],
];

const knownNames = new Set(['events', ...EPHEMERAL, ...unusedParts.flatMap(([, names]) => names)]);

export interface Transaction {
  readonly events: readonly unknown[];
  readonly ephemeral: readonly unknown[];
  /** How many items came beside them, by a bounded set of names fit for a metric's label. */
  readonly ignored: ReadonlyMap<string, number>;
}

/**
 * Reads the body of a transaction; undefined when it is not JSON in UTF-8 with a list of `events`. Whatever is wrong
 * beside the events is counted as `malformed` and does not count against them.
 */
export function parseTransaction(body: Uint8Array): Transaction | undefined {
  const parsed = Body.safeParse(parseJson(body));
  if (!parsed.success) return undefined;
  const ignored = new Map<string, number>();
  const ignore = (part: string, count: number): void => {
    if (count > 0) ignored.set(part, (ignored.get(part) ?? 0) + count);
  };
  for (const [part, names, shape] of unusedParts) {
    const value = firstOf(parsed.data, names);
    if (value === undefined) continue;
    if (shape.safeParse(value).success) ignore(part, sizeOf(value));
    else ignore('malformed', 1);
  }
  for (const [name, value] of Object.entries(parsed.data)) {
    if (!knownNames.has(name)) ignore('other', sizeOf(value));
  }
  const ephemeral = firstOf(parsed.data, EPHEMERAL);
  if (ephemeral !== undefined && !Array.isArray(ephemeral)) ignore('malformed', 1);
  return { events: parsed.data.events, ephemeral: Array.isArray(ephemeral) ? ephemeral : [], ignored };
}

function firstOf(body: Record<string, unknown>, names: readonly string[]): unknown {
  const name = names.find((each) => Object.hasOwn(body, each));
  return name && body[name];
}

function sizeOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 1;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
