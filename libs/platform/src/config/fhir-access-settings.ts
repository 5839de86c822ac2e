import type { Setting } from './setting';
import { headerLines } from './compound-schemas';
import { signingKeyText } from './signing-key';
import { line, matching, oneOf, pemCertificates, pemKey, url } from './setting-schemas';

const word = () => matching(/^\S+$/, 'text without white space');

/** How the bridge reaches the FHIR server and shows it who it is. Which of them go together: `fhir-access-checks.ts`. */
export const fhirAccessSettings = {
  auth: {
    env: 'FHIR_AUTH',
    schema: oneOf(['none', 'bearer', 'basic', 'client-credentials', 'nuts']),
    optional: true,
    doc: 'How the bridge shows the FHIR server who it is; not set: bearer where FHIR_BEARER_TOKEN is set, none otherwise.',
  },
  bearerToken: {
    env: 'FHIR_BEARER_TOKEN',
    schema: word(),
    optional: true,
    secret: true,
    doc: 'For bearer: the token, which does not change.',
  },
  user: {
    env: 'FHIR_USER',
    schema: matching(/^[^:\r\n]+$/, 'text on one line without a colon'),
    optional: true,
    doc: 'For basic: the user name.',
  },
  password: {
    env: 'FHIR_PASSWORD',
    schema: line(),
    optional: true,
    secret: true,
    doc: 'For basic: the password.',
  },
  clientId: {
    env: 'FHIR_CLIENT_ID',
    schema: line(),
    optional: true,
    doc: 'For client-credentials: the id under which the authorization server knows the bridge.',
  },
  clientAuthMethod: {
    env: 'FHIR_CLIENT_AUTH_METHOD',
    schema: oneOf(['private_key_jwt', 'client_secret_basic', 'client_secret_post']),
    default: 'private_key_jwt',
    doc: 'For client-credentials: how the bridge shows the authorization server who it is.',
  },
  clientKey: {
    env: 'FHIR_CLIENT_KEY',
    schema: signingKeyText(),
    optional: true,
    secret: true,
    doc: 'For private_key_jwt: the key that signs (RS384 or ES384); its public half is at /.well-known/jwks.json of fhir-mapper.',
  },
  otherClientKey: {
    env: 'FHIR_CLIENT_KEY_OTHER',
    schema: signingKeyText(),
    optional: true,
    secret: true,
    doc: 'For private_key_jwt: a second key whose public half is published as well and which signs nothing: the next before a rotation, the former after it.',
  },
  clientSecret: {
    env: 'FHIR_CLIENT_SECRET',
    schema: line(),
    optional: true,
    secret: true,
    doc: 'For client_secret_basic and client_secret_post: the secret.',
  },
  tokenUrl: {
    env: 'FHIR_TOKEN_URL',
    schema: matching(/^https?:\/\/\S+$/i, 'a URL with https:// or http://'),
    optional: true,
    doc: 'For client-credentials: the token endpoint; not set: the one that the FHIR server names at .well-known/smart-configuration.',
  },
  scope: {
    env: 'FHIR_SCOPE',
    schema: line(),
    optional: true,
    doc: 'For client-credentials and nuts: the scopes to ask for, separated by spaces; not set: those that the client has by its registration.',
  },
  nutsUrl: {
    env: 'FHIR_NUTS_URL',
    schema: url(['https', 'http']),
    optional: true,
    doc: "For nuts: address of the organisation's Nuts node, its internal interface.",
  },
  nutsSubject: {
    env: 'FHIR_NUTS_SUBJECT',
    schema: word(),
    optional: true,
    doc: 'For nuts: the subject in the Nuts node whose wallet holds the credentials.',
  },
  nutsAuthorizationServer: {
    env: 'FHIR_NUTS_AUTHORIZATION_SERVER',
    schema: matching(/^https?:\/\/\S+$/i, 'a URL with https:// or http://'),
    optional: true,
    doc: 'For nuts: the authorization server of the party whose FHIR server it is.',
  },
  headers: {
    env: 'FHIR_HEADERS',
    schema: headerLines(),
    optional: true,
    secret: true,
    doc: 'More headers for every request to the FHIR server: X-Tenant=a,X-Api-Key=b (in YAML a map).',
  },
  tlsCa: {
    env: 'FHIR_TLS_CA',
    schema: pemCertificates(),
    optional: true,
    secret: true,
    doc: 'Certificate authorities that are trusted, in place of the public ones, for the FHIR server and whoever gives out tokens for it.',
  },
  tlsCertificate: {
    env: 'FHIR_TLS_CERTIFICATE',
    schema: pemCertificates(),
    optional: true,
    secret: true,
    doc: "The bridge's own certificate for mutual TLS, with the intermediate ones behind it.",
  },
  tlsKey: {
    env: 'FHIR_TLS_KEY',
    schema: pemKey(),
    optional: true,
    secret: true,
    doc: 'The private key of FHIR_TLS_CERTIFICATE.',
  },
} as const satisfies Record<string, Setting>;
