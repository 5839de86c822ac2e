import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';

/** Requests of one kind. */
export interface Load {
  readonly name: string;
  /** @throws when it is not answered with 200 */
  readonly call: (pool: Pool) => Promise<void>;
}

const AUTHORIZATION = { authorization: 'Bearer token-of-somebody' };

/** How long a client waits that has news at last. */
const DELAY_MS = 1_000;

export const syncAtOnce: Load = { name: 'sync with news', call: (pool) => sync(pool, 0) };
export const syncLater: Load = {
  name: `sync that waits ${DELAY_MS / 1_000} s`,
  call: (pool) => sync(pool, DELAY_MS),
};
export const send: Load = {
  name: 'send',
  async call(pool) {
    const path = `/_matrix/client/v3/rooms/!r:care.example/send/m.room.message/${randomUUID()}`;
    const headers = { ...AUTHORIZATION, 'content-type': 'application/json' };
    const content = { msgtype: 'm.text', body: 'The wound looks better today, I have changed the dressing.' };
    const { statusCode, body } = await pool.request({
      method: 'PUT',
      path,
      headers,
      body: JSON.stringify(content),
    });
    await body.dump();
    require200(statusCode);
  },
};

/** @param signal ends a poll that nobody waits for any more */
export async function sync(pool: Pool, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  const path = `/_matrix/client/v3/sync?timeout=${timeoutMs}`;
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers: AUTHORIZATION, signal });
  await body.dump();
  require200(statusCode);
}

export function authorized(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...AUTHORIZATION, ...more };
}

export function require200(status: number): void {
  if (status !== 200) throw new Error(`A request was answered with ${status}`);
}

/** Connections to one way: so many that no request waits for another. */
export async function withPool<T>(
  url: string,
  connections: number,
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const pool = new Pool(url, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  try {
    return await work(pool);
  } finally {
    await pool.destroy();
  }
}
