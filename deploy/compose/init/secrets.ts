import { randomBytes } from 'node:crypto';

/** Makes a new secret, from the operating system's generator. */
type Generator = () => string;

const hex: Generator = () => randomBytes(32).toString('hex');
/** Safe in URLs and in NATS' and Postgres' files without quoting. */
const word: Generator = () => randomBytes(24).toString('base64url');

/** Synapse's key file: algorithm, key id, seed as base64 without padding. */
const signingKey: Generator = () => {
  const seed = randomBytes(32).toString('base64').replace(/=+$/, '');
  return `ed25519 a_${randomBytes(2).toString('hex')} ${seed}\n`;
};

const organisationGenerators = {
  'signing.key': signingKey,
  registration_shared_secret: hex,
  macaroon_secret_key: hex,
  form_secret: hex,
  admin_password: word,
  synapse_database_password: hex,
  as_token: hex,
  hs_token: hex,
  notification_secret: hex,
  nats_password: hex,
  bridge_database_password: hex,
  database_encryption_key: () => randomBytes(32).toString('base64'),
  fhir_database_password: hex,
  mautrix_as_token: hex,
  mautrix_hs_token: hex,
  mautrix_database_password: hex,
} as const satisfies Record<string, Generator>;

const sharedGenerators = { turn_secret: hex, grafana_password: word } as const satisfies Record<
  string,
  Generator
>;

/** The secrets of one organisation, by the names of their files. */
export type OrganisationSecrets = Readonly<Record<keyof typeof organisationGenerators, string>>;
/** The secrets of what organisations on this machine share. */
export type SharedSecrets = Readonly<Record<keyof typeof sharedGenerators, string>>;

/** What is there already, by file name. */
export type ReadSecret = (name: string) => string | undefined;

/** The secrets of an organisation: those that are there, and new ones for the rest. */
export function organisationSecrets(existing: ReadSecret = () => undefined): OrganisationSecrets {
  return complete(organisationGenerators, existing);
}

/** The shared secrets: those that are there, and new ones for the rest. */
export function sharedSecrets(existing: ReadSecret = () => undefined): SharedSecrets {
  return complete(sharedGenerators, existing);
}

function complete<K extends string>(
  generators: Readonly<Record<K, Generator>>,
  existing: ReadSecret,
): Readonly<Record<K, string>> {
  const names = Object.keys(generators) as K[];
  return Object.fromEntries(names.map((name) => [name, existing(name) ?? generators[name]()])) as Record<
    K,
    string
  >;
}
