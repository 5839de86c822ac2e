import type { Setting, SettingValue } from './setting';
import { lineTemplates, resourceTypes, timeZone } from './clinical-schemas';
import { fhirAccessSettings } from './fhir-access-settings';
import {
  baseUrls,
  mediaTypes,
  networks,
  permissions,
  sourceSecrets,
  systemCodes,
  topicsOfTypes,
} from './compound-schemas';
import { notificationSources } from './notification-sources';
import {
  encryptionKey,
  headerName,
  line,
  matching,
  oneNumberOf,
  oneOf,
  pemCertificates,
  pemKey,
  secretText,
  url,
  wholeNumber,
  yesOrNo,
} from './setting-schemas';
import { z } from 'zod';

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const DAY_MS = 86_400_000;
const MAX_POWER_LEVEL = 100;

/** The characters of a localpart (Matrix specification, appendix "User identifiers"). */
const LOCALPART = /^[a-z0-9._=/+-]{1,200}$/;
const localpart = () => matching(LOCALPART, 'up to 200 characters of a-z, 0-9 and ._=/+-');
const powerLevel = () => wholeNumber(0, MAX_POWER_LEVEL);

/**
 * Every setting of the bridge, by section and key. The YAML path of a setting is `section.key`.
 * An app reads only the sections it names.
 */
export const settings = {
  organisation: {
    name: {
      env: 'ORGANISATION_NAME',
      schema: line(),
      doc: 'Name of the care organisation, as shown in the names of Spaces.',
    },
  },
  http: {
    host: {
      env: 'HTTP_HOST',
      schema: matching(/^\S+$/, 'an address or a host name'),
      default: '0.0.0.0',
      doc: 'Address to listen on.',
    },
    port: {
      env: 'HTTP_PORT',
      schema: wholeNumber(0, 65_535),
      default: 8080,
      doc: 'TCP port to listen on; 0 takes a free one.',
    },
    bodyLimitBytes: {
      env: 'HTTP_BODY_LIMIT_BYTES',
      schema: wholeNumber(1024, 256 * MEBIBYTE),
      default: 10 * MEBIBYTE,
      doc: 'Largest request body accepted, in bytes.',
    },
  },
  log: {
    level: {
      env: 'LOG_LEVEL',
      schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
      default: 'info',
      doc: 'Least severe log level that is written.',
    },
    format: {
      env: 'LOG_FORMAT',
      schema: oneOf(['auto', 'json', 'pretty']),
      default: 'auto',
      doc: 'Form of the log lines; auto: pretty on a terminal, JSON elsewhere.',
    },
  },
  nats: {
    url: {
      env: 'NATS_URL',
      schema: matching(
        /^(nats|tls):\/\/[^\s,]+(,(nats|tls):\/\/[^\s,]+)*$/,
        'one or more nats:// or tls:// URLs, separated by commas',
      ),
      default: 'nats://127.0.0.1:4222',
      doc: 'NATS servers of the JetStream cluster, separated by commas.',
    },
    partitions: {
      env: 'NATS_PARTITIONS',
      schema: wholeNumber(1, 1024),
      default: 32,
      doc: 'Number of partitions per work queue; conversations in different partitions are worked on at the same time.',
    },
    replicas: {
      env: 'NATS_REPLICAS',
      schema: oneNumberOf([1, 3, 5]),
      default: 1,
      doc: 'Number of NATS servers that store each message; 3 in production.',
    },
    maxBytes: {
      env: 'NATS_MAX_BYTES',
      schema: wholeNumber(MEBIBYTE, 1024 * GIBIBYTE),
      default: GIBIBYTE,
      doc: 'Largest backlog per work queue, in bytes; when it is full, senders are asked to repeat later.',
    },
    ackWaitMs: {
      env: 'NATS_ACK_WAIT_MS',
      schema: wholeNumber(1000, 3_600_000),
      default: 30_000,
      doc: 'Time after which a message whose worker has gone silent is given to another, in milliseconds.',
    },
  },
  postgres: {
    url: {
      env: 'DATABASE_URL',
      schema: url(['postgresql', 'postgres']),
      secret: true,
      doc: 'Postgres database of the bridge.',
    },
    poolSize: {
      env: 'DATABASE_POOL_SIZE',
      schema: wholeNumber(1, 200),
      default: 10,
      doc: 'Largest number of database connections per process.',
    },
  },
  matrix: {
    serverName: {
      env: 'MATRIX_SERVER_NAME',
      schema: matching(
        /^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/,
        'a server name such as care.example or care.example:8448, not a URL',
      ),
      doc: 'Server name of the homeserver: what follows the colon in its user ids.',
    },
    ghostPrefix: {
      env: 'MATRIX_GHOST_PREFIX',
      schema: localpart(),
      default: '_fhir_bridge_',
      doc: 'Start of the localpart of every user id that the bridge owns.',
    },
    botLocalpart: {
      env: 'MATRIX_BOT_LOCALPART',
      schema: localpart(),
      default: '_fhir_bridge_bot',
      doc: "Localpart of the bridge's own user; starts with the ghost prefix.",
    },
  },
  homeserver: {
    url: {
      env: 'MATRIX_HOMESERVER_URL',
      schema: url(['https', 'http']),
      doc: "URL of the homeserver's Client-Server API.",
    },
    asToken: {
      env: 'MATRIX_AS_TOKEN',
      schema: secretText(32),
      secret: true,
      doc: 'Token with which the bridge calls the homeserver (as_token of the registration).',
    },
    requestTimeoutMs: {
      env: 'MATRIX_REQUEST_TIMEOUT_MS',
      schema: wholeNumber(1000, 600_000),
      default: 60_000,
      doc: 'Longest wait for an answer of the homeserver, in milliseconds.',
    },
  },
  appservice: {
    id: {
      env: 'MATRIX_AS_ID',
      schema: matching(/^[A-Za-z0-9._-]{1,255}$/, 'letters, digits and ._-'),
      default: 'fhir-matrix-bridge',
      doc: 'Id of the Application Service in its registration.',
    },
    hsToken: {
      env: 'MATRIX_HS_TOKEN',
      schema: secretText(32),
      secret: true,
      doc: 'Token with which the homeserver calls the bridge (hs_token of the registration).',
    },
    previousHsToken: {
      env: 'MATRIX_HS_TOKEN_PREVIOUS',
      schema: secretText(32),
      optional: true,
      secret: true,
      doc: 'The hs_token before the present one, accepted as well while the homeserver still uses it.',
    },
    legacyPaths: {
      env: 'MATRIX_AS_LEGACY_PATHS',
      schema: yesOrNo(),
      default: false,
      doc: 'Whether homeservers from before Matrix 1.4 are served: paths without /_matrix/app/v1, and the token in the query.',
    },
    silenceMs: {
      env: 'MATRIX_AS_SILENCE_MS',
      schema: wholeNumber(1000, DAY_MS),
      default: 600_000,
      doc: 'Time without a transaction after which the homeserver is asked to show that it still reaches the bridge, in milliseconds.',
    },
  },
  rooms: {
    nameFromTopic: {
      env: 'MATRIX_ROOM_NAME_FROM_TOPIC',
      schema: yesOrNo(),
      default: false,
      doc: 'Whether the topic of a conversation in FHIR becomes the name of its Room; only where topics hold no patient data.',
    },
    historyVisibility: {
      env: 'MATRIX_ROOM_HISTORY_VISIBILITY',
      schema: oneOf(['joined', 'invited']),
      default: 'joined',
      doc: 'What a new member can read: joined since the join; invited what was said since the invite as well, so that the message they are invited for can be read.',
    },
    federate: {
      env: 'MATRIX_ROOM_FEDERATE',
      schema: yesOrNo(),
      default: true,
      doc: 'Whether new Spaces and Rooms can have members on other homeservers (m.federate); cannot be changed later.',
    },
    retentionDays: {
      env: 'MATRIX_ROOM_RETENTION_DAYS',
      schema: wholeNumber(1, 36_500),
      optional: true,
      doc: 'Days after which homeservers may delete messages of Rooms (m.room.retention); not set: the rule is left to them.',
    },
    membershipMaster: {
      env: 'MATRIX_MEMBERSHIP_MASTER',
      schema: oneOf(['fhir', 'matrix']),
      default: 'fhir',
      doc: 'Who decides who belongs: fhir undoes joins, leaves and removals in Matrix, matrix writes them into the CareTeam.',
    },
    resyncIntervalMs: {
      env: 'MATRIX_RESYNC_INTERVAL_MS',
      schema: wholeNumber(1000, DAY_MS),
      default: 900_000,
      doc: 'Time between the comparisons of each Room with what arrived from it, in milliseconds.',
    },
    powerLead: {
      env: 'MATRIX_POWER_LEAD',
      schema: powerLevel(),
      default: 100,
      doc: 'Power level of a care team member with a lead role.',
    },
    powerProfessional: {
      env: 'MATRIX_POWER_PROFESSIONAL',
      schema: powerLevel(),
      default: 75,
      doc: 'Power level of any other professional.',
    },
    powerRelatedPerson: {
      env: 'MATRIX_POWER_RELATED_PERSON',
      schema: powerLevel(),
      default: 50,
      doc: 'Power level of a related person, such as an informal carer.',
    },
    powerPatient: {
      env: 'MATRIX_POWER_PATIENT',
      schema: powerLevel(),
      default: 25,
      doc: 'Power level of the patient.',
    },
    leadRoles: {
      env: 'MATRIX_LEAD_ROLES',
      schema: systemCodes(),
      default: 'http://snomed.info/sct|768820003',
      doc: 'Roles in CareTeam.participant.role that make a member a lead, separated by commas.',
    },
  },
  fhir: {
    baseUrl: { env: 'FHIR_BASE_URL', schema: url(['https', 'http']), doc: 'Base URL of the FHIR R4 server.' },
    ...fhirAccessSettings,
    requestTimeoutMs: {
      env: 'FHIR_REQUEST_TIMEOUT_MS',
      schema: wholeNumber(1000, 600_000),
      default: 30_000,
      doc: 'Longest wait for an answer of the FHIR server, in milliseconds.',
    },
    pullOverlapMs: {
      env: 'FHIR_PULL_OVERLAP_MS',
      schema: wholeNumber(0, DAY_MS),
      default: 10_000,
      doc: 'How far each pull reaches back before the last change seen, in milliseconds; covers changes that the server stores out of order.',
    },
    syncFrom: {
      env: 'FHIR_SYNC_FROM',
      schema: z.iso.datetime({ offset: true }).describe('an instant such as 2026-01-31T00:00:00Z'),
      optional: true,
      doc: 'Changes before this instant are not bridged on the first start; not set: all are.',
    },
    readMarks: {
      env: 'FHIR_READ_MARKS',
      schema: oneOf(['none', 'task', 'audit-event', 'both']),
      default: 'both',
      doc: "How reading is recorded: in the reader's Task, as an AuditEvent, in both, or not at all.",
    },
    attachmentBases: {
      env: 'FHIR_ATTACHMENT_BASES',
      schema: baseUrls(),
      optional: true,
      doc: 'Base URLs of other FHIR servers from which attachments are read, without a token; not set: from FHIR_BASE_URL alone.',
    },
    accountOrder: {
      env: 'FHIR_ACCOUNT_ORDER',
      schema: oneOf(['telecom-first', 'endpoint-first']),
      default: 'telecom-first',
      doc: 'Which Matrix account of a professional counts: the one in their telecom, or the one at an Endpoint of their PractitionerRole. An override by an administrator comes before both.',
    },
    requestReference: {
      env: 'FHIR_REQUEST_REFERENCE',
      schema: oneOf(['part-of', 'based-on', 'both']),
      default: 'part-of',
      doc: 'Where the record of a message names the CommunicationRequest of its conversation: partOf, basedOn, or both. Either is read.',
    },
    requestPayload: {
      env: 'FHIR_REQUEST_PAYLOAD',
      schema: yesOrNo(),
      default: true,
      doc: 'Whether the payload of a CommunicationRequest is said in its Room; no where the server makes the first Communication of it.',
    },
    writeEventIds: {
      env: 'FHIR_WRITE_EVENT_IDS',
      schema: yesOrNo(),
      default: true,
      doc: 'Whether a Communication written in FHIR is given the id of its Matrix event as an identifier, where the server allows updates.',
    },
    writeTasks: {
      env: 'FHIR_WRITE_TASKS',
      schema: yesOrNo(),
      default: false,
      doc: 'Whether the bridge keeps a Task for each member of a conversation that tells whether they have read it; not where the server does so itself, as OZO does.',
    },
    dueIntervalMs: {
      env: 'FHIR_DUE_INTERVAL_MS',
      schema: wholeNumber(100, DAY_MS),
      default: 30_000,
      doc: 'Time between the looks for periods in care teams that begin or end, in milliseconds.',
    },
    deletesIntervalMs: {
      env: 'FHIR_DELETES_INTERVAL_MS',
      schema: wholeNumber(100, DAY_MS),
      default: 60_000,
      doc: 'Least time between two looks into the histories of the FHIR server for what was deleted, in milliseconds.',
    },
  },
  subscriptions: {
    mode: {
      env: 'FHIR_SUBSCRIPTIONS',
      schema: oneOf(['external', 'managed', 'removed']),
      default: 'external',
      doc: "Who looks after the FHIR server's Subscriptions: external somebody else, managed the bridge, for every type that it follows; removed takes away those that the bridge has made.",
    },
    endpoint: {
      env: 'FHIR_SUBSCRIPTION_ENDPOINT',
      schema: url(['https', 'http']),
      optional: true,
      doc: "Where the bridge's own Subscriptions notify: fhir-ingress as the FHIR server reaches it, with the source, e.g. https://bridge.example/notify/ehr.",
    },
    header: {
      env: 'FHIR_SUBSCRIPTION_HEADER',
      schema: matching(/^[A-Za-z0-9-]+: *[^\r\n]+$/, 'a header line such as Authorization: Bearer …'),
      optional: true,
      secret: true,
      doc: "Header line that the bridge's own Subscriptions send along: the secret of the source.",
    },
    topics: {
      env: 'FHIR_SUBSCRIPTION_TOPICS',
      schema: topicsOfTypes(),
      optional: true,
      doc: "Topics that the bridge's own Subscriptions are made of where the server advertises them, as type=canonical URL pairs separated by commas (in YAML a map); of other types they are classic ones.",
    },
    checkIntervalMs: {
      env: 'FHIR_SUBSCRIPTION_CHECK_INTERVAL_MS',
      schema: wholeNumber(100, DAY_MS),
      default: 300_000,
      doc: "Time between the looks at the bridge's own Subscriptions, in milliseconds.",
    },
    graceMs: {
      env: 'FHIR_SUBSCRIPTION_GRACE_MS',
      schema: wholeNumber(0, DAY_MS),
      default: 5_000,
      doc: 'Time that a missing notification of a topic-based Subscription has to arrive by itself, in milliseconds.',
    },
  },
  notifications: {
    secrets: {
      env: 'FHIR_NOTIFICATION_SECRETS',
      schema: sourceSecrets(),
      optional: true,
      secret: true,
      doc: 'The sources that may notify the bridge and the secret of each: ehr=…,lab=… (in YAML a map). Sent as Authorization: Bearer …, unless notifications.sources says otherwise.',
    },
    previousSecrets: {
      env: 'FHIR_NOTIFICATION_SECRETS_PREVIOUS',
      schema: sourceSecrets(),
      optional: true,
      secret: true,
      doc: 'Secrets before the present ones, accepted as well while a source still uses them.',
    },
    sources: {
      env: 'FHIR_NOTIFICATION_SOURCES',
      schema: notificationSources(),
      optional: true,
      doc: 'How a source shows who it is, where it is not by a bearer secret alone: a map by source, see docs/fhir.md (in the environment as JSON).',
    },
    certificateHeader: {
      env: 'FHIR_NOTIFICATION_CERTIFICATE_HEADER',
      schema: headerName(),
      optional: true,
      doc: 'Header in which a proxy that ends TLS passes on the client certificate it has verified; it has to replace what a client sends under that name.',
    },
    trustedProxies: {
      env: 'FHIR_NOTIFICATION_TRUSTED_PROXIES',
      schema: networks(),
      optional: true,
      doc: 'Where those proxies call from; from anywhere else that header counts for nothing.',
    },
    tlsCertificate: {
      env: 'FHIR_NOTIFICATION_TLS_CERTIFICATE',
      schema: pemCertificates(),
      optional: true,
      secret: true,
      doc: 'Certificate, with its chain, with which fhir-ingress ends TLS itself; not set: it speaks plain HTTP.',
    },
    tlsKey: {
      env: 'FHIR_NOTIFICATION_TLS_KEY',
      schema: pemKey(),
      optional: true,
      secret: true,
      doc: 'Private key of that certificate.',
    },
    clientCa: {
      env: 'FHIR_NOTIFICATION_CLIENT_CA',
      schema: pemCertificates(),
      optional: true,
      secret: true,
      doc: 'Authorities that issue client certificates, where fhir-ingress ends TLS itself.',
    },
    pullIntervalMs: {
      env: 'FHIR_PULL_INTERVAL_MS',
      schema: wholeNumber(1000, DAY_MS),
      default: 60_000,
      doc: 'Time between the pulls that make up for lost notifications, in milliseconds.',
    },
  },
  audit: {
    enabled: {
      env: 'AUDIT_ENABLED',
      schema: yesOrNo(),
      default: true,
      doc: 'Whether the bridge writes an AuditEvent of every create, update, disclosure and refusal; all its workers have to agree.',
    },
    url: {
      env: 'AUDIT_URL',
      schema: url(['https', 'http']),
      optional: true,
      doc: 'Base URL of the FHIR server that takes the AuditEvents; not set: the one of FHIR_BASE_URL, with its credentials.',
    },
    bearerToken: {
      env: 'AUDIT_BEARER_TOKEN',
      schema: matching(/^\S+$/, 'text without white space'),
      optional: true,
      secret: true,
      doc: 'Bearer token for the server of AUDIT_URL; not set: no Authorization header.',
    },
  },
  media: {
    maxBytes: {
      env: 'MEDIA_MAX_BYTES',
      schema: wholeNumber(1024, 10 * GIBIBYTE),
      default: 50 * MEBIBYTE,
      doc: 'Largest file that is bridged, in bytes; of a larger one the name is. No larger than what the FHIR server and the homeserver take.',
    },
    documentBytes: {
      env: 'MEDIA_DOCUMENT_BYTES',
      schema: wholeNumber(0, 10 * GIBIBYTE),
      default: 5 * MEBIBYTE,
      doc: 'Size from which a file from Matrix is recorded as a DocumentReference of its own, in bytes.',
    },
    types: {
      env: 'MEDIA_TYPES',
      schema: mediaTypes(),
      default: 'image/*,audio/*,video/*,text/plain,application/pdf',
      doc: 'Media types of files that are bridged, separated by commas; image/* means every image but SVG, which can hold scripts: such types have to be named themselves.',
    },
  },
  clinical: {
    types: {
      env: 'CLINICAL_TYPES',
      schema: resourceTypes(),
      optional: true,
      doc: "Types of clinical resources whose changes are told in the care team's own room, separated by commas; not set: none.",
    },
    timeZone: {
      env: 'CLINICAL_TIME_ZONE',
      schema: timeZone(),
      default: 'Europe/Amsterdam',
      doc: 'Time zone in which lines about clinical resources tell the time.',
    },
    templates: {
      env: 'CLINICAL_TEMPLATES',
      schema: lineTemplates(),
      optional: true,
      doc: "The organisation's own lines, by type and language, in place of the bridge's; best in the YAML file (see docs/fhir.md).",
    },
  },
  delivery: {
    markAfterMs: {
      env: 'DELIVERY_MARK_AFTER_MS',
      schema: wholeNumber(0, DAY_MS),
      default: 30_000,
      doc: 'Time after which the sender of a message that is not in the record yet is told so, in milliseconds.',
    },
  },
  bot: {
    language: {
      env: 'BOT_LANGUAGE',
      schema: oneOf(['nl', 'en', 'de']),
      default: 'en',
      doc: 'Language of the bot, of lines about clinical resources, of roles in the names of ghosts and of the names of Spaces and Rooms; everybody can choose another for the bot.',
    },
    prefix: {
      env: 'BOT_PREFIX',
      schema: matching(/^\S{1,32}$/, 'up to 32 characters without white space'),
      default: '!care',
      doc: 'Begins a message that speaks to the bot; in a direct chat with it nothing is needed.',
    },
    permissions: {
      env: 'BOT_PERMISSIONS',
      schema: permissions(),
      default: '*=user',
      doc: 'What people may do at the bot: none, user or admin for everybody (*), a server, or one user id; the closest match counts.',
    },
  },
  encryption: {
    key: {
      env: 'DATABASE_ENCRYPTION_KEY',
      schema: encryptionKey(),
      secret: true,
      doc: 'Key for the little patient data that the database holds: 32 random bytes in base64 (openssl rand -base64 32).',
    },
  },
} as const satisfies Record<string, Record<string, Setting>>;

export type ConfigSection = keyof typeof settings;

/** The whole configuration, typed by the tree of settings. */
export type Config = {
  readonly [S in ConfigSection]: {
    readonly [K in keyof (typeof settings)[S]]: (typeof settings)[S][K] extends infer T extends Setting
      ? SettingValue<T>
      : never;
  };
};

/** The settings of one section, without the exact types of their values. */
export function settingsOf(section: ConfigSection): readonly (readonly [key: string, setting: Setting])[] {
  return Object.entries<Setting>(settings[section]);
}

export const configSections = Object.keys(settings) as ConfigSection[];
