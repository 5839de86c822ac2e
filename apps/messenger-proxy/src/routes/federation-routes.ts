import { FEDERATION_TABLE } from './federation-table';
import { parseRoutes, type Route } from './route-table';

/** What the proxy looks at in a call of another homeserver. */
export const FEDERATION_RULES = [
  'forward',
  'server',
  'transaction',
  'federation-invite',
  'membership',
  'notary',
  'refuse-public-rooms',
  'refuse-address-invite',
] as const;
export type FederationRule = (typeof FEDERATION_RULES)[number];

export function federationRoutes(): Route<FederationRule>[] {
  return parseRoutes(FEDERATION_TABLE, FEDERATION_RULES);
}
