/** Host or address, with a port where it is not 8448 (Matrix specification, appendix "Server Name"). */
const SERVER_NAME = /^([A-Za-z0-9.-]{1,230}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/;

export function isServerName(text: string): boolean {
  return SERVER_NAME.test(text);
}

/** A server name without its port. */
export function hostOf(serverName: string): string {
  return serverName.replace(/:\d{1,5}$/, '');
}

/**
 * The server in an id such as `@user:server` or `#alias:server`: all that follows the first colon.
 * @returns undefined where the id names none, or none that could exist
 */
export function serverOfId(id: unknown): string | undefined {
  if (typeof id !== 'string') return undefined;
  const colon = id.indexOf(':');
  const server = id.slice(colon + 1);
  return colon > 0 && isServerName(server) ? server : undefined;
}
