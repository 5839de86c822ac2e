import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { readAtMost } from '../requests/read-at-most';
import type { FetchList } from './list-keeper';

/** For all of it: whoever sends it drop by drop keeps no newer one away. */
const TIMEOUT_MS = 30_000;
const MAX_BYTES = 20 * 1024 * 1024;

/**
 * Fetches the list from a file, or from a server that is asked for what is newer than a version (`?version=`; 204 or 304
 * where nothing is, as gematik's directory and registration services answer).
 */
export function listSource(location: string): FetchList {
  return location.startsWith('/')
    ? () => readFile(location, 'utf8').then((text) => text.trim())
    : fromServer(location);
}

function fromServer(location: string): FetchList {
  return async (newerThan) => {
    const url = new URL(location);
    if (newerThan !== undefined) url.searchParams.set('version', String(newerThan));
    const { statusCode, body } = await request(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { accept: 'application/jose' },
    });
    if (statusCode === 204 || statusCode === 304) {
      await body.dump();
      return undefined;
    }
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`The server of the list answered ${statusCode}`);
    }
    return (await readAtMost(body, MAX_BYTES)).toString('utf8').trim();
  };
}
