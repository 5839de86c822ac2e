import { startAsIngress } from '../apps/as-ingress/src/start-as-ingress';
import { AsIngressFixture, basePath, events, hsToken, message } from './support/as-ingress-fixture';
import { httpRequest } from './support/http-request';

let ingress: AsIngressFixture;

beforeAll(async () => {
  ingress = await AsIngressFixture.start();
}, 60_000);

afterAll(() => ingress?.stop());

beforeEach(() => ingress.emptyQueues());

/** The event ids on the queue per room, in the order of the ingress.queue. */
async function queuedPerRoom(): Promise<Record<string, unknown[]>> {
  const perRoom: Record<string, unknown[]> = {};
  for (const event of await ingress.queue.heldJson('MAPPING'))
    (perRoom[String(event.room_id)] ??= []).push(event.event_id);
  return perRoom;
}

/** How often this app has asked the queue to store an event. */
async function published(): Promise<number> {
  const counted = await ingress.counts('bridge_queue_published_total');
  return Object.values(counted).reduce((total, value) => total + value, 0);
}

describe('a transaction', () => {
  it('is stored whole: each room in its order, whatever is malformed among it beside', async () => {
    const list: unknown[] = Array.from({ length: 100 }, (_, index) =>
      message(`!room${index % 7}:care.example`),
    );
    const broken = { ...message('!room3:care.example'), sender: 7 };
    const sent = [...list];
    sent[50] = broken;
    const answer = await ingress.transaction(events(...sent));
    expect([answer.status, answer.json()]).toEqual([200, {}]);

    const expected: Record<string, unknown[]> = {};
    sent.forEach((event, index) => {
      const { room_id, event_id } = event as { room_id: string; event_id: string };
      if (index !== 50) (expected[room_id] ??= []).push(event_id);
    });
    expect(await queuedPerRoom()).toEqual(expected);
    const [letter, ...more] = await ingress.queue.held('DEAD_LETTERS');
    expect(more).toEqual([]);
    expect(JSON.parse(letter?.payload.toString() ?? '')).toEqual(broken);
    expect(letter?.header('Bridge-Failure-Class')).toBe('malformed-event');
    expect(letter?.header('Bridge-Reason')).toBe('sender');
  });

  it('reaches the queue as the homeserver sent it', async () => {
    const event = message('!r.with.dots:care.example', {
      unsigned: { age: 12 },
      content: { body: '😀 "\u0000"', 'a.b': null },
    });
    await ingress.transaction(events(event));
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([event]);
  });

  it('leaves out what the bridge wrote itself, but not what a namesake elsewhere wrote', async () => {
    const namesake = message('!a', { sender: '@_bridge_1:evil.example' });
    await ingress.transaction(
      events(
        message('!a', { sender: '@_bridge_1:care.example' }),
        message('!a', { sender: '@_bridge_bot:care.example' }),
        namesake,
      ),
    );
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([namesake]);
    expect(await ingress.queue.held('DEAD_LETTERS')).toEqual([]);
  });

  it('tells that the bot left a Room in its own name: an administrator deleted it', async () => {
    const own = {
      sender: '@_bridge_bot:care.example',
      type: 'm.room.member',
      content: { membership: 'leave' },
    };
    const left = message('!a', { ...own, state_key: '@_bridge_bot:care.example' });
    await ingress.transaction(events(message('!a', { ...own, state_key: '@gp:practice.example' }), left));
    expect(await ingress.queue.heldJson('ROOMS')).toEqual([left]);
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([]);
  });

  it('with an event that came before, in another transaction, stores it once', async () => {
    const known = message('!a');
    const news = message('!a');
    await ingress.transaction(events(known));
    await ingress.transaction(events(known, news));
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([known, news]);
  });

  it('tells behind its events who has read what, once for each Room, event and reader', async () => {
    const said = message('!a');
    const read = { [String(said.event_id)]: { 'm.read': { '@gp:practice.example': { ts: 5 } } } };
    const receipt = { type: 'm.receipt', room_id: '!a', content: read };
    const before = await ingress.counts('bridge_as_ignored_total');
    const body = { events: [said], ephemeral: [receipt, { type: 'm.typing' }, 'garbage'] };
    // As Synapse sends it: under both names.
    await ingress.transaction(JSON.stringify({ ...body, 'de.sorunome.msc2409.ephemeral': body.ephemeral }));
    // As Synapse from before the stable name, and once more.
    await ingress.transaction(JSON.stringify({ events: [], 'de.sorunome.msc2409.ephemeral': [receipt] }));

    expect(await ingress.queue.heldJson('MAPPING')).toEqual([
      said,
      { roomId: '!a', eventId: said.event_id, userId: '@gp:practice.example', readAt: 5 },
    ]);
    const after = await ingress.counts('bridge_as_ignored_total');
    expect((after.typing ?? 0) - (before.typing ?? 0)).toBe(1);
    expect((after.malformed ?? 0) - (before.malformed ?? 0)).toBe(1);
    expect(await ingress.queue.held('DEAD_LETTERS')).toEqual([]);
  });

  it('survives hostile events: the good one among them is stored, the rest is kept or dropped', async () => {
    const good = message('!a');
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const hostile = [
      'null',
      '7',
      '"text"',
      '[]',
      '{}',
      '{"type":{"toString":1}}',
      '{"type":"m.room.message","__proto__":{"sender":"@a:b"}}',
      '{"type":"constructor"}',
      `{"type":"m.room.message","content":${deep}}`,
      JSON.stringify(message('!a', { content: { body: 'x'.repeat(2_000_000) } })),
      JSON.stringify(message('!a', { event_id: '$a\r\nHeader: injected' })),
      JSON.stringify(message('!a b')),
    ];
    const answer = await ingress.transaction(
      `{"events":[${[...hostile, JSON.stringify(good)].join(',')}],"ephemeral":{},"x":1}`,
    );
    expect(answer.status).toBe(200);
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([good]);
    expect((await ingress.queue.held('DEAD_LETTERS')).length).toBeGreaterThanOrEqual(10);
    expect((await ingress.call({ method: 'POST', target: `${basePath}/ping` })).status).toBe(200);
  });

  it.each([
    ['no JSON', 'no JSON'],
    ['no list of events', '{"events":{}}'],
    ['nothing', ''],
  ])(
    'with %s is kept byte for byte and answered with 200, so that nothing waits behind it',
    async (_case, body) => {
      const answer = await ingress.transaction(body);
      expect([answer.status, answer.json()]).toEqual([200, {}]);
      const letters = await ingress.queue.held('DEAD_LETTERS');
      expect(letters.map(({ payload }) => payload.toString())).toEqual([body]);
    },
  );

  it('that is no JSON and too large for one queue message is kept in parts', async () => {
    const body = `${'{"events":['.padEnd(3_000_000, '1,')}`;
    expect((await ingress.transaction(body)).status).toBe(200);
    const parts = await ingress.queue.held('DEAD_LETTERS');
    expect(parts.length).toBeGreaterThan(1);
    expect(Buffer.concat(parts.map(({ payload }) => payload)).toString() === body).toBe(true);
  });

  it('is accepted at the size of the largest that a homeserver makes', async () => {
    const list = Array.from({ length: 100 }, () => message('!a', { content: { body: 'x'.repeat(64_000) } }));
    expect((await ingress.transaction(events(...list))).status).toBe(200);
    expect(await ingress.queue.held('MAPPING')).toHaveLength(100);
  }, 30_000);

  it('that comes before an earlier one is refused once, and taken when that one was sent', async () => {
    const [first = '', left = '', next = ''] = ingress.nextIds(3);
    const [one, two, three] = [1, 2, 3].map(() => message('!a')) as [object, object, object];
    expect((await ingress.transaction(events(one), first)).status).toBe(200);
    const early = await ingress.transaction(events(three), next);
    expect([early.status, early.json()]).toMatchObject([
      503,
      { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 1000 },
    ]);
    expect((await ingress.transaction(events(two), left)).status).toBe(200);
    expect((await ingress.transaction(events(three), next)).status).toBe(200);
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([one, two, three]);
  });

  it('that comes again, as nothing earlier is there, is taken', async () => {
    await ingress.transaction(events(message('!a')));
    const [, , far = ''] = ingress.nextIds(3);
    const body = events(message('!a'));
    expect((await ingress.transaction(body, far)).status).toBe(503);
    expect((await ingress.transaction(body, far)).status).toBe(200);
    expect((await ingress.transaction(events(message('!a')))).status).toBe(200);
    expect(await ingress.queue.heldJson('MAPPING')).toHaveLength(3);
  });

  it('sent twice at the same time is handled once', async () => {
    const body = events(...Array.from({ length: 20 }, () => message('!a')));
    const publishedBefore = await published();
    const answers = await Promise.all(Array.from({ length: 5 }, () => ingress.transaction(body, 'twice')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await ingress.transaction(body, 'twice')).status).toBe(200);

    expect((await published()) - publishedBefore).toBe(20);
    expect(await ingress.queue.held('MAPPING')).toHaveLength(20);
  });

  it('with an id that was used for another body is handled: a homeserver set up anew counts from 1 again', async () => {
    await ingress.transaction(events(message('!a')), 'reset');
    await ingress.transaction(events(message('!a')), 'reset');
    expect(await ingress.queue.held('MAPPING')).toHaveLength(2);
  });

  it('is accepted whatever its media type says', async () => {
    const event = message('!a');
    const answer = await httpRequest(ingress.url, {
      method: 'PUT',
      target: `${basePath}/transactions/untyped`,
      headers: { authorization: `Bearer ${hsToken}` },
      body: events(event),
    });
    expect(answer.status).toBe(200);
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([event]);
  });

  it('is refused with 503 when the queue is full in its middle, and its repetition completes it in order', async () => {
    // The fourth does not fit; those after it would.
    const sizes = [3_000, 3_000, 3_000, 12_000, 100, 100, 100];
    const list = sizes.map((size) => message('!full', { content: { body: 'x'.repeat(size) } }));
    const body = events(...list);
    const { config: stream } = await ingress.queue.manager.streams.info('MAPPING');
    await ingress.queue.manager.streams.update('MAPPING', { ...stream, max_bytes: 16_000 });
    try {
      const answer = await ingress.transaction(body, 'full');
      expect([answer.status, answer.json()]).toMatchObject([
        503,
        {
          errcode: 'M_LIMIT_EXCEEDED',
          error: expect.any(String) as string,
          retry_after_ms: expect.any(Number) as number,
        },
      ]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(await ingress.queue.heldJson('MAPPING')).toEqual(list.slice(0, 3));
    } finally {
      await ingress.queue.manager.streams.update('MAPPING', stream);
    }
    expect((await ingress.transaction(body, 'full')).status).toBe(200);
    expect(await ingress.queue.heldJson('MAPPING')).toEqual(list);
  });

  // The last one: both apps are in this process, and the one that ends takes the connections to the homeserver along.
  it('follows one that another replica has stored', async () => {
    const [mine = '', theirs = '', mineAgain = ''] = ingress.nextIds(3);
    const other = await startAsIngress(ingress.config);
    try {
      expect((await ingress.transaction(events(message('!a')), mine)).status).toBe(200);
      const answer = await httpRequest(await other.getUrl(), {
        method: 'PUT',
        target: `${basePath}/transactions/${theirs}`,
        body: events(message('!a')),
        headers: { authorization: `Bearer ${hsToken}`, 'content-type': 'application/json' },
      });
      expect(answer.status).toBe(200);
      expect((await ingress.transaction(events(message('!a')), mineAgain)).status).toBe(200);
    } finally {
      await other.close();
    }
  });
});
