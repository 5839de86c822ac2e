import { safeUrl } from './proxy-schemas';
import type { Setting } from './setting';
import { line, matching, url, wholeNumber } from './setting-schemas';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MEBIBYTE = 2 ** 20;

/** What the messenger proxy asks of others beside its homeserver, what it tells them, and what it clears away. */
export const proxyServiceSettings = {
  directoryUrl: {
    env: 'PROXY_DIRECTORY_URL',
    schema: safeUrl(),
    optional: true,
    doc: "Where a directory of everybody in the federation is asked whether somebody may invite somebody whose own word does not say so (gematik's registration service: …/backend/vzd/invite); not set: nobody is asked.",
  },
  registrationUrl: {
    env: 'PROXY_REGISTRATION_URL',
    schema: safeUrl(),
    optional: true,
    doc: 'The registration service, which tells the support contacts; not set: only those of the settings are told.',
  },
  supportEmail: {
    env: 'PROXY_SUPPORT_EMAIL',
    schema: matching(/^[^\s@<>]+@[^\s@<>]+$/, 'an e-mail address'),
    optional: true,
    doc: "E-mail address of the homeserver's administrators (/.well-known/matrix/support).",
  },
  supportPage: {
    env: 'PROXY_SUPPORT_PAGE',
    schema: url(['https', 'http']),
    optional: true,
    doc: 'Page with help for the people of the homeserver (/.well-known/matrix/support).',
  },
  orphanedRoomMs: {
    env: 'PROXY_ORPHANED_ROOM_MS',
    schema: wholeNumber(0, 3_650 * DAY_MS),
    optional: true,
    doc: 'Rooms that were made and never used are removed after this time, in milliseconds; 0: none are. By profile: none, and after 14 days for tim.',
  },
  rawDataUrl: {
    env: 'PROXY_RAW_DATA_URL',
    schema: url(['https', 'http']),
    optional: true,
    doc: 'Where a report of each counted call is posted (raw data); reports wait in the queue of NATS_URL. Not set: calls are not reported.',
  },
  rawDataInstanceId: {
    env: 'PROXY_RAW_DATA_INSTANCE_ID',
    schema: line(),
    optional: true,
    doc: 'Name of this proxy in its reports (Inst-ID).',
  },
  rawDataProfessionOid: {
    env: 'PROXY_RAW_DATA_PROFESSION_OID',
    schema: matching(/^\d+(\.\d+)+$/, 'an OID such as 1.2.276.0.76.4.50'),
    optional: true,
    doc: 'What the organisation is, in its reports (profOID).',
  },
  rawDataTelematikId: {
    env: 'PROXY_RAW_DATA_TELEMATIK_ID',
    schema: matching(/^\S+$/, 'text without white space'),
    optional: true,
    doc: 'The Telematik-ID of the organisation in its reports (tID).',
  },
  rawDataMaxBytes: {
    env: 'PROXY_RAW_DATA_MAX_BYTES',
    schema: wholeNumber(MEBIBYTE, 1024 * 1024 * MEBIBYTE),
    default: 64 * MEBIBYTE,
    doc: 'Most bytes of reports that wait; when they are more, the oldest are dropped.',
  },
  rawDataMaxAgeMs: {
    env: 'PROXY_RAW_DATA_MAX_AGE_MS',
    schema: wholeNumber(HOUR_MS, 365 * DAY_MS),
    default: 7 * DAY_MS,
    doc: 'How long a report waits before it is dropped, in milliseconds.',
  },
} as const satisfies Record<string, Setting>;
