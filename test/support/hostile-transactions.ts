import { Random } from './random';

/** What a liar who has the hs_token could know of a conversation. */
export interface Victims {
  readonly roomId: string;
  readonly spaceId: string;
  readonly bot: string;
  readonly ghost: string;
  /** In the Room, on other homeservers: who said `saidEvent`, and somebody else. */
  readonly author: string;
  readonly colleague: string;
  /** In the Room, with power over its state. */
  readonly lead: string;
  /** A message of the author, as the homeserver pushed it. */
  readonly saidEvent: Event;
  /** A message that a ghost said for somebody in FHIR. */
  readonly ghostEvent: Event;
  /** A homeserver with people in the Room. */
  readonly partner: string;
}

export interface HostileTransaction {
  /** What is wrong with it. */
  readonly kind: string;
  readonly txnId: string;
  readonly body: Buffer;
  /** What has to be found in the dead letters afterwards, byte for byte. */
  readonly letters: readonly Buffer[];
}

export type Event = Readonly<Record<string, unknown>>;

type Made = Pick<HostileTransaction, 'body'> & { readonly letters?: readonly (Buffer | string)[] };
type Maker = (random: Random, victims: Victims) => Made;

/**
 * Malformed and hostile transactions, each kind in turn with other details, the same for the same seed. Their ids are
 * small numbers, as Synapse's are, and come back with other bodies.
 * Left out is what nobody can tell from the truth by looking at it: a well-formed message in the name of a person who
 * really is in the Room. The token vouches for those.
 */
export function hostileTransactions(victims: Victims, count: number, seed: number): HostileTransaction[] {
  const random = new Random(seed);
  const kinds = Object.keys(makers);
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] as string;
    const { body, letters = [] } = (makers[kind] as Maker)(random, victims);
    return {
      kind,
      txnId:
        random.next() < 0.9
          ? `hostile-${random.between(1, 40)}`
          : encodeURIComponent(`${random.opaque()}é/`.repeat(20)),
      body,
      letters: letters.map((letter) => Buffer.from(letter)),
    };
  });
}

const transaction = (events: readonly unknown[], more: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ events, ...more }));

/** Kept as it came: nothing in it can be told apart. */
const whole = (body: Buffer | string): Made => ({ body: Buffer.from(body), letters: [body] });

/** Each of the events is kept, the transaction is not. */
const each = (events: readonly unknown[]): Made => ({
  body: transaction(events),
  letters: events.map((event) => JSON.stringify(event)),
});

function message(random: Random, roomId: string, sender: string, changes: object = {}): Event {
  return {
    event_id: `$${random.opaque()}`,
    room_id: roomId,
    sender,
    type: 'm.room.message',
    origin_server_ts: 1_790_000_000_000 + random.between(0, 1_000_000),
    content: { msgtype: 'm.text', body: `forged ${random.opaque()}` },
    ...changes,
  };
}

function state(
  random: Random,
  roomId: string,
  sender: string,
  type: string,
  key: string,
  content: object,
): Event {
  return message(random, roomId, sender, { type, state_key: key, content });
}

/** Somebody who is in none of the Rooms. */
function stranger(random: Random, { partner }: Victims): string {
  return random.pick([
    `@stranger${random.opaque()}:evil.example`,
    `@stranger${random.opaque()}:${partner}`,
    `@_fhir_bridge_${random.opaque()}:evil.example`,
    '@:x',
  ]);
}

const garbage: readonly unknown[] = [null, true, -1, 0.5, 'text', [], {}, [[]], { a: 1 }];
const nested = (levels: number): string => `${'[{"a":'.repeat(levels)}1${'}]'.repeat(levels)}`;

const makers: Readonly<Record<string, Maker>> = {
  'not JSON': (random) =>
    whole(random.pick(['garbage', '{"events":[', '{"events":[]}}', "{'events':[]}", '\0', 'NaN'])),
  'invalid UTF-8': (random) => {
    const bytes = Buffer.from(`{"events":[],"x":"${random.opaque()}??"}`);
    bytes[bytes.length - 4] = random.pick([0xff, 0xc0, 0xed]);
    return whole(bytes);
  },
  empty: () => whole(''),
  'no list of events': (random) =>
    whole(
      JSON.stringify(
        random.pick<unknown>([{}, [], null, 7, 'events', { events: random.pick([null, {}, '[]', 7]) }]),
      ),
    ),
  'huge and not JSON': (random) => whole(`{"events":[${'{},'.repeat(random.between(250_000, 1_200_000))}`),
  'events that are no objects': (random) =>
    each(
      Array.from({ length: random.between(1, 20) }, () =>
        random.pick(garbage.filter((item) => typeof item !== 'object' || item === null)),
      ),
    ),
  'a field of a wrong type': (random, victims) => {
    const field = random.pick(['event_id', 'room_id', 'sender', 'origin_server_ts', 'content', 'type']);
    const wrong = random.pick(garbage.filter((item) => wrongFor(field, item)));
    return each([message(random, victims.roomId, victims.author, { [field]: wrong })]);
  },
  'a field that is missing': (random, victims) => {
    const field = random.pick(['event_id', 'room_id', 'sender', 'origin_server_ts', 'content', 'type']);
    return each([message(random, victims.roomId, victims.author, { [field]: undefined })]);
  },
  'an id that is none': (random, victims) => {
    const [field, id] = random.pick([
      ['event_id', 'no-sigil'],
      ['event_id', '$'],
      ['event_id', `$${'x'.repeat(random.between(300, 3_000))}`],
      ['event_id', '$a\r\nNats-Msg-Id: x'],
      ['event_id', '$a\u0000b'],
      ['room_id', '#alias:evil.example'],
      ['room_id', '!a b'],
      ['room_id', '!a\u0000b'],
      ['sender', 'nobody'],
      ['sender', '@no-server'],
      ['sender', '@a\u0000b:evil.example'],
      ['sender', `@${'x'.repeat(300)}:evil.example`],
    ] as const);
    return each([message(random, victims.roomId, victims.author, { [field]: id })]);
  },
  'a number beyond numbers': (random, victims) => {
    const event = JSON.stringify(message(random, victims.roomId, victims.author, { origin_server_ts: 0 }));
    const body = event.replace(
      '"origin_server_ts":0',
      `"origin_server_ts":${random.pick(['1e400', '1e300', '-1e3'])}`,
    );
    return { body: Buffer.from(`{"events":[${body}]}`), letters: [JSON.stringify(JSON.parse(body))] };
  },
  'an event too large for the queue': (random, victims) => {
    const body = 'x'.repeat(random.between(400_000, 3_000_000));
    return each([message(random, victims.roomId, victims.author, { content: { body } })]);
  },
  'an event nested too deeply': (random, victims) => {
    const shallow = JSON.stringify(message(random, victims.roomId, victims.author, { content: { body: 0 } }));
    return whole(
      `{"events":[${shallow.replace('"body":0', `"body":${nested(random.between(30_000, 60_000))}`)}]}`,
    );
  },
  'deep and large, as far as allowed, of a stranger': (random, victims) => {
    const content = { msgtype: 'm.text', body: 'x'.repeat(60_000), deep: JSON.parse(nested(200)) as unknown };
    return { body: transaction([message(random, victims.roomId, stranger(random, victims), { content })]) };
  },
  'types that nobody reads': (random, victims) => {
    const types = [
      'm.room.topic',
      'org.evil',
      '__proto__',
      'constructor',
      '',
      'm.room.message.x',
      'm.room.*',
      '>',
    ];
    const events = Array.from({ length: random.between(1, 500) }, () =>
      message(random, victims.roomId, victims.author, { type: random.pick(types) }),
    );
    return { body: transaction(events) };
  },
  'state that is no state, and the other way round': (random, victims) => ({
    body: transaction([
      message(random, victims.roomId, victims.author, { state_key: random.pick(['', victims.author]) }),
      message(random, victims.roomId, victims.author, {
        type: random.pick(['m.room.member', 'm.room.tombstone', 'm.space.child']),
      }),
    ]),
  }),
  'an event that came before, changed': (random, victims) => {
    const known = random.pick([victims.saidEvent, { ...victims.ghostEvent, sender: victims.author }]);
    const content = { msgtype: 'm.text', body: `changed ${random.opaque()}` };
    return {
      body: transaction(Array.from({ length: random.between(1, 20) }, () => ({ ...known, content }))),
    };
  },
  'events for foreign Rooms': (random, victims) => {
    const room = random.pick([
      '!foreign:evil.example',
      `!foreign:${victims.partner}`,
      '!foreign',
      `${victims.roomId}x`,
    ]);
    const { author, bot } = victims;
    return {
      body: transaction([
        ...Array.from({ length: random.between(1, 99) }, () => message(random, room, author)),
        state(random, room, author, 'm.room.member', author, { membership: random.pick(['join', 'leave']) }),
        state(random, room, author, 'm.room.member', bot, {
          membership: random.pick(['invite', 'leave', 'ban']),
        }),
        state(random, room, author, 'm.room.tombstone', '', { replacement_room: victims.roomId }),
        state(random, room, author, 'm.space.child', victims.roomId, { via: [victims.partner] }),
      ]),
    };
  },
  'the names of the bridge’s own users': (random, victims) => {
    const sender = random.pick([victims.bot, victims.ghost]);
    const edit = { rel_type: 'm.replace', event_id: victims.saidEvent.event_id };
    return {
      body: transaction([
        message(random, victims.roomId, sender),
        message(random, victims.roomId, sender, {
          type: 'm.room.redaction',
          redacts: victims.saidEvent.event_id,
        }),
        message(random, victims.roomId, sender, { content: { 'm.relates_to': edit, 'm.new_content': {} } }),
        state(random, victims.roomId, sender, 'm.room.member', victims.author, { membership: 'leave' }),
        state(random, victims.roomId, sender, 'm.room.tombstone', '', { replacement_room: '!evil' }),
      ]),
    };
  },
  'messages of strangers': (random, victims) => {
    const type = random.pick(['m.room.message', 'm.room.encrypted', 'm.sticker', 'm.poll.start']);
    const content = random.pick<object>([
      { msgtype: 'm.text', body: 'forged' },
      {
        msgtype: 'm.text',
        body: 'forged',
        format: 'org.matrix.custom.html',
        formatted_body: '<script>'.repeat(99),
      },
      {
        msgtype: 'm.image',
        body: 'forged',
        url: random.pick(['mxc://evil.example/x', 'file:///etc/passwd', 7]),
      },
      { msgtype: { toString: 1 }, body: ['forged'] },
      { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'forged' },
      {},
    ]);
    const changes = { type, content, origin_server_ts: random.pick([0, 1, Number.MAX_SAFE_INTEGER]) };
    return {
      body: transaction(
        Array.from({ length: random.between(1, 5) }, () =>
          message(random, victims.roomId, stranger(random, victims), changes),
        ),
      ),
    };
  },
  'commands of strangers': (random, victims) => {
    const body = random.pick([
      '!care archive',
      '!care new forged',
      `!care resend ${String(victims.saidEvent.event_id)}`,
    ]);
    return {
      body: transaction([
        message(random, victims.roomId, stranger(random, victims), { content: { msgtype: 'm.text', body } }),
      ]),
    };
  },
  'edits by others': (random, victims) => {
    const sender = random.pick([stranger(random, victims), victims.colleague]);
    const target = random.pick([victims.saidEvent, victims.ghostEvent]);
    const content = {
      msgtype: 'm.text',
      body: '* forged',
      'm.new_content': { msgtype: 'm.text', body: 'forged' },
      'm.relates_to': { rel_type: 'm.replace', event_id: target.event_id },
    };
    return { body: transaction([message(random, victims.roomId, sender, { content })]) };
  },
  'redactions and reactions of strangers': (random, victims) => {
    const target = random.pick([victims.saidEvent, victims.ghostEvent]).event_id;
    const sender = stranger(random, victims);
    const relation = { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key: '👍' } };
    return {
      body: transaction([
        message(random, victims.roomId, sender, { type: 'm.room.redaction', redacts: target, content: {} }),
        message(random, victims.roomId, sender, { type: 'm.room.redaction', content: { redacts: target } }),
        message(random, '!foreign', sender, {
          type: 'm.room.redaction',
          redacts: target,
          content: { redacts: target },
        }),
        message(random, victims.roomId, sender, { type: 'm.reaction', content: relation }),
      ]),
    };
  },
  'memberships that are not so': (random, victims) => {
    const room = random.pick([victims.roomId, victims.spaceId]);
    const { author, lead, bot, ghost, colleague } = victims;
    const unknown = stranger(random, victims);
    const [sender, key, membership] = random.pick<[string, string, unknown]>([
      [author, author, 'leave'],
      [lead, colleague, 'ban'],
      [lead, bot, 'leave'],
      [bot, bot, 'leave'],
      [lead, ghost, 'ban'],
      [unknown, unknown, 'join'],
      [lead, unknown, 'invite'],
      [author, author, 'king'],
      [author, author, undefined],
      [author, 'not a user', 'leave'],
      [author, '', 'join'],
    ]);
    return { body: transaction([state(random, room, sender, 'm.room.member', key, { membership })]) };
  },
  'tombstones that are not so': (random, victims) => {
    const room = random.pick([victims.roomId, victims.spaceId]);
    const replacement = random.pick<unknown>([
      '!evil:evil.example',
      '!evil',
      victims.spaceId,
      7,
      undefined,
      '#alias:x',
    ]);
    const sender = random.pick([victims.lead, stranger(random, victims)]);
    const content = { body: 'moved', replacement_room: replacement };
    return {
      body: transaction([state(random, room, sender, 'm.room.tombstone', random.pick(['', 'x']), content)]),
    };
  },
  'children of the Space that are not so': (random, victims) => {
    const key = random.pick([
      '!foreign:evil.example',
      '!foreign',
      victims.roomId,
      victims.spaceId,
      'no room',
      '',
    ]);
    const content = random.pick<object>([
      { via: ['evil.example'] },
      {},
      { via: 7 },
      { via: [victims.partner] },
    ]);
    const sender = random.pick([victims.lead, stranger(random, victims)]);
    return { body: transaction([state(random, victims.spaceId, sender, 'm.space.child', key, content)]) };
  },
  'receipts that are not so': (random, victims) => {
    const ts = random.pick([0, 1_790_000_000_000, Number.MAX_SAFE_INTEGER]);
    const reader = random.pick([stranger(random, victims), victims.bot, victims.ghost]);
    const said = String(random.pick([victims.saidEvent, victims.ghostEvent]).event_id);
    const content = {
      [said]: { 'm.read': { [reader]: { ts } }, 'm.read.private': { [victims.author]: { ts } } },
      $nowhere: { 'm.read': { [victims.author]: { ts } } },
    };
    const receipt = { type: 'm.receipt', room_id: random.pick([victims.roomId, '!foreign']), content };
    return { body: transaction([], { ephemeral: [receipt], 'de.sorunome.msc2409.ephemeral': [receipt] }) };
  },
  'a flood of receipts': (random, victims) => {
    const readers = Array.from({ length: random.between(1_500, 4_000) }, (_, index) => [
      `@reader${index}:evil.example`,
      { ts: index },
    ]);
    const content = {
      [String(victims.saidEvent.event_id)]: { 'm.read': Object.fromEntries(readers) as object },
    };
    return {
      body: transaction([], { ephemeral: [{ type: 'm.receipt', room_id: victims.roomId, content }] }),
    };
  },
  'garbage beside the events': (random, victims) => {
    const item = (): unknown =>
      random.pick<unknown>([
        ...garbage,
        { type: 'm.receipt' },
        { type: 'm.receipt', room_id: victims.roomId, content: random.pick(garbage) },
        { type: 'm.receipt', room_id: victims.roomId, content: { $x: { 'm.read': random.pick(garbage) } } },
        { type: 'm.typing', room_id: 7, content: null },
        { type: 'm.presence', content: { presence: {} } },
      ]);
    const names = ['ephemeral', 'to_device', 'device_lists', 'device_one_time_keys_count', random.opaque()];
    const parts = names.map((name) => [
      name,
      random.next() < 0.3 ? random.pick(garbage) : Array.from({ length: random.between(1, 300) }, item),
    ]);
    return { body: transaction([], Object.fromEntries(parts) as object) };
  },
  'names that mean something to JavaScript': (random, victims) => {
    const forged = JSON.stringify(message(random, victims.roomId, stranger(random, victims)));
    const polluted = `{"__proto__":${forged},"constructor":{"prototype":{}},"type":"m.room.message"}`;
    return {
      body: Buffer.from(`{"events":7,"events":[${polluted}],"__proto__":{"events":[${forged}]}}`),
      letters: [JSON.stringify(JSON.parse(polluted))],
    };
  },
};

/** Whether a value is wrong in this field. */
function wrongFor(field: string, value: unknown): boolean {
  if (field === 'content') return typeof value !== 'object' || value === null || Array.isArray(value);
  // A type that is a text, of whatever kind, is only one that nobody reads.
  return field !== 'type' || typeof value !== 'string';
}
