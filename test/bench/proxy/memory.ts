import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { request } from 'undici';
import { until } from '../../../deploy/local/src/until';
import { residentMegabytes } from '../cost/processes';
import { sync, withPool } from './loads';
import type { ProxyServers } from './proxy-servers';
import { download, upload } from './transfers';

const POLL_MS = 600_000;
const SAMPLE_MS = 20;

/**
 * Does something while so many clients wait for news through our proxy.
 * @returns the resident memory that they add, in MB, and what was done
 */
export async function whileWaiting<T>(
  { urls, pids }: ProxyServers,
  clients: number,
  work: () => Promise<T>,
): Promise<{ added: number; result: T }> {
  const before = residentMegabytes(pids.ours).now;
  const ended = new AbortController();
  setMaxListeners(clients, ended.signal);
  return withPool(urls.ours, clients, async (pool) => {
    const polls = Array.from({ length: clients }, () => sync(pool, POLL_MS, ended.signal));
    const failed = Promise.all(polls).then(() => Promise.reject(new Error('A client waits no more')));
    try {
      await Promise.race([untilWaiting(urls.direct, clients), failed]);
      const added = residentMegabytes(pids.ours).now - before;
      return { added, result: await Promise.race([work(), failed]) };
    } finally {
      failed.catch(() => undefined);
      ended.abort();
      await Promise.allSettled(polls);
      await untilWaiting(urls.direct, 0);
    }
  });
}

/** Resident memory that so many files up and as many down at once add, at its most, in MB. */
export async function addedByFiles({ urls, pids }: ProxyServers, files: number): Promise<number> {
  const before = residentMegabytes(pids.ours).now;
  const transfers = Array.from({ length: files }, () => [upload(urls.ours), download(urls.ours)]).flat();
  let done = false;
  const all = Promise.all(transfers).finally(() => (done = true));
  let most = before;
  while (!done) {
    most = Math.max(most, residentMegabytes(pids.ours).now);
    await setTimeout(SAMPLE_MS);
  }
  await all;
  return most - before;
}

async function untilWaiting(url: string, clients: number): Promise<void> {
  await until(`${clients} clients that wait`, async () => {
    const { body } = await request(`${url}/waiting`);
    return ((await body.json()) as { waiting: number }).waiting === clients;
  });
}
