import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import type { FetchList } from './list-keeper';

const TIMEOUT_MS = 10_000;
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
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
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
    const bytes = Buffer.from(await body.arrayBuffer());
    if (bytes.length > MAX_BYTES) throw new Error('The list is too large');
    return bytes.toString('utf8').trim();
  };
}
