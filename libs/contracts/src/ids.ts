import { z } from 'zod';

/** `!opaque` or `!opaque:server`: since room version 12 a room id names no server, so it is never taken apart. */
export const RoomId = z
  .string()
  .regex(/^![^\s]{1,254}$/)
  .brand<'RoomId'>();
export type RoomId = z.infer<typeof RoomId>;

/** `@localpart:server` (Matrix specification, appendix "User identifiers"; at most 255 bytes). */
export const UserId = z
  .string()
  .max(255)
  .regex(/^@[^\s:]*:[^\s]+$/)
  .brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;

/** `$opaque` (room version 3 and later) or `$opaque:server`. */
export const EventId = z
  .string()
  .regex(/^\$[^\s]{1,254}$/)
  .brand<'EventId'>();
export type EventId = z.infer<typeof EventId>;

/** `Type/id`: the literal, relative FHIR reference, without base URL and without version. */
export const FhirRef = z
  .string()
  .regex(/^[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/)
  .brand<'FhirRef'>();
export type FhirRef = z.infer<typeof FhirRef>;

/** The server name in a user id: all that follows the first colon. */
export function serverOf(userId: UserId): string {
  return userId.slice(userId.indexOf(':') + 1);
}

/** The resource type in a reference. */
export function typeOf(ref: FhirRef): string {
  return ref.slice(0, ref.indexOf('/'));
}

/** The logical id in a reference. */
export function idOf(ref: FhirRef): string {
  return ref.slice(ref.indexOf('/') + 1);
}

/**
 * Reads a FHIR `Reference.reference` in any of its published forms (relative, absolute, versioned).
 * @returns the relative reference without version, or undefined for contained (`#…`), `urn:`, conditional (`…?…`) and malformed ones
 */
export function parseFhirRef(reference: string | undefined): FhirRef | undefined {
  if (reference?.includes('?')) return undefined;
  const match = /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]+)?$/.exec(
    reference ?? '',
  );
  return match ? FhirRef.parse(match[1]) : undefined;
}
