import type { Config } from '@bridge/platform';

/** How the bridge shows the FHIR server who it is. */
export interface Authorization {
  /**
   * The Authorization header of the next request; undefined: none.
   * @throws TransientError when a token is needed and not to be had now
   */
  header(): Promise<string | undefined>;
  /**
   * The server did not accept this header.
   * @returns whether the next header will be another
   */
  refused(header: string | undefined): boolean;
}

/** The same header for good. */
export function fixedAuthorization(header: string | undefined): Authorization {
  return { header: async () => header, refused: () => false };
}

/** RFC 7617, in UTF-8. */
export function basicHeader(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

/** A setting that the checks of the configuration have seen to. */
export function given<K extends keyof Config['fhir']>(
  config: Config['fhir'],
  key: K,
): NonNullable<Config['fhir'][K]> {
  const value = config[key];
  if (value === undefined || value === null) throw new TypeError(`fhir.${key} is not set`);
  return value;
}
