import { Config } from '@bridge/platform';
import { stringify } from 'yaml';

export interface RegistrationInput {
  readonly id: string;
  /** Where the homeserver reaches as-ingress. */
  readonly url: string;
  readonly asToken: string;
  readonly hsToken: string;
  readonly matrix: Pick<Config['matrix'], 'serverName' | 'ghostPrefix' | 'botLocalpart'>;
}

/**
 * The registration file of the application service (Matrix specification, "Application Service API: Registration").
 * Namespaces are anchored to the server: an open pattern would make the homeserver push the whole federation's events.
 * @returns YAML, to be named in Synapse's `app_service_config_files`
 */
export function buildRegistration({ id, url, asToken, hsToken, matrix }: RegistrationInput): string {
  const ours = `${escape(matrix.ghostPrefix)}[a-z0-9_]+:${escape(matrix.serverName)}`;
  return stringify({
    id,
    url,
    as_token: asToken,
    hs_token: hsToken,
    sender_localpart: matrix.botLocalpart,
    rate_limited: false,
    // For read receipts. Before Synapse 1.156 under its older name.
    receive_ephemeral: true,
    'de.sorunome.msc2409.push_ephemeral': true,
    protocols: ['fhir'],
    namespaces: {
      users: [{ exclusive: true, regex: `^@${ours}$` }],
      aliases: [{ exclusive: true, regex: `^#${ours}$` }],
      rooms: [],
    },
  });
}

function escape(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
