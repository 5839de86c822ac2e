import { TransientError } from '@bridge/contracts';
import { request } from 'undici';
import type { AskDirectory } from './invite-permission';
import { Remembered } from './remembered';

const TIMEOUT_MS = 5_000;
const MAX_ANSWERS = 10_000;

/**
 * A directory of everybody in the federation, by way of a registration service as gematik's (`/backend/vzd/invite`): 200
 * is a yes, 403 and 404 are a no, and anything else is no answer.
 * @param keepMs how long a yes is remembered, in milliseconds; a no is asked for again
 */
export function directoryOf(url: string, keepMs: number): AskDirectory {
  const allowed = new Remembered<true>(MAX_ANSWERS, keepMs);
  return async (inviter, invitee) => {
    const id = `${inviter} ${invitee}`;
    if (allowed.get(id)) return true;
    const status = await ask(url, inviter, invitee);
    if (status === 200) {
      allowed.set(id, true);
      return true;
    }
    if (status === 403 || status === 404) return false;
    throw notNow(`it answered ${status}`);
  };
}

async function ask(url: string, inviter: string, invitee: string): Promise<number> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ invitingUser: uriOf(inviter), invitedUser: uriOf(invitee) }),
    });
    await body.dump();
    return statusCode;
  } catch {
    throw notNow('it does not answer');
  }
}

/** As Matrix URIs, which the directory has (Matrix specification, appendix "matrix: URI scheme"). */
function uriOf(userId: string): string {
  return `matrix:u/${encodeURIComponent(userId.slice(1)).replaceAll('%3A', ':')}`;
}

function notNow(why: string): TransientError {
  return new TransientError('proxy-directory', `The directory cannot be asked: ${why}`, {
    advice: 'the directory (PROXY_DIRECTORY_URL) is away',
  });
}
