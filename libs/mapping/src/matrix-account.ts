import { UserId } from '@bridge/contracts';
import type { ContactPoint, Endpoint } from '@medplum/fhirtypes';
import { systems } from './fhir-systems';

/** telecom with system "other" and purpose "matrix-messaging" (Dutch specification). */
export function accountInTelecom(telecom: readonly ContactPoint[] = []): UserId | null {
  const accounts = telecom.filter(
    ({ system, use, extension }) =>
      system === 'other' &&
      use !== 'old' &&
      extension?.some(
        ({ url, valueString, valueCode }) =>
          url === systems.contactPointPurpose && (valueString ?? valueCode) === 'matrix-messaging',
      ),
  );
  return (
    accounts.map(({ value }) => UserId.safeParse(value).data).find((userId) => userId !== undefined) ?? null
  );
}

/**
 * Endpoint with connectionType `tim`, as the German directory has it: its address is a Matrix URI. Those of functions
 * (`tim-fa`) and bots (`tim-bot`) are no person's.
 * @returns null for an Endpoint that is of another kind, or not in use
 */
export function accountAtEndpoint({ status, connectionType, address }: Endpoint): UserId | null {
  if (status !== 'active' || connectionType?.code !== 'tim') return null;
  const [, localpart, server] = /^matrix:u\/([^/?#:]+):([^/?#]+)$/.exec(address ?? '') ?? [];
  const decoded = decode(localpart ?? '');
  return (decoded && UserId.safeParse(`@${decoded}:${server}`).data) || null;
}

/** @returns undefined where the text is no URI (RFC 3986) */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
