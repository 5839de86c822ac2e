import { Refusal } from '../requests/refusal';
import type { FindSupport } from './support-contacts';

/** What is told of this homeserver at `/.well-known/matrix` (Matrix specification, "Server discovery", "Well-known URIs"). */
export interface WellKnown {
  /** Host and port for other homeservers. */
  readonly server: string;
  /** URL for clients; not set: the homeserver's own answer. */
  readonly clientUrl?: string;
  readonly support: FindSupport;
}

/**
 * @returns the answer to a request for one of them; undefined where the homeserver is to give it
 * @throws Refusal 404 where there is none; TransientError where it is not known now
 */
export async function wellKnownAnswer(
  path: string,
  { server, clientUrl, support }: WellKnown,
): Promise<object | undefined> {
  switch (path) {
    case '/.well-known/matrix/server':
      return { 'm.server': server };
    case '/.well-known/matrix/client':
      return clientUrl === undefined ? undefined : { 'm.homeserver': { base_url: clientUrl } };
    case '/.well-known/matrix/support':
      return (await support()) ?? noSupport();
    default:
      return undefined;
  }
}

function noSupport(): never {
  throw new Refusal(404, 'M_NOT_FOUND', 'There are no support contacts.', 'no-support');
}
