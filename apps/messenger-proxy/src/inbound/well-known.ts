/** What is told of this homeserver at `/.well-known/matrix` (Matrix specification, "Server discovery", "Well-known URIs"). */
export interface WellKnown {
  /** Host and port for other homeservers. */
  readonly server: string;
  /** URL for clients; not set: the homeserver's own answer. */
  readonly clientUrl?: string;
  /** The support contacts, whole; not set: the homeserver's own answer. */
  readonly support?: Readonly<Record<string, unknown>>;
}

/** @returns the answer to a request for one of them; undefined where the homeserver is to give it */
export function wellKnownAnswer(path: string, { server, clientUrl, support }: WellKnown): object | undefined {
  switch (path) {
    case '/.well-known/matrix/server':
      return { 'm.server': server };
    case '/.well-known/matrix/client':
      return clientUrl === undefined ? undefined : { 'm.homeserver': { base_url: clientUrl } };
    case '/.well-known/matrix/support':
      return support;
    default:
      return undefined;
  }
}
