/**
 * The identifier of what records a Matrix event (OZO implementation guide). Written out instead of taken from the
 * bridge: others rely on it, so a change of it has to be seen.
 */
export const eventIdSystem = 'https://matrix.org/event-id';

/** The same as a search parameter. */
export function eventIdentifier(eventId: string): string {
  return `${eventIdSystem}|${eventId}`;
}
