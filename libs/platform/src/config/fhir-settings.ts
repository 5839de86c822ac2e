import type { Setting } from './setting';
import { fhirAccessSettings } from './fhir-access-settings';
import { baseUrls, networks, sourceSecrets, topicsOfTypes } from './compound-schemas';
import { notificationSources } from './notification-sources';
import {
  headerName,
  matching,
  oneOf,
  pemCertificates,
  pemKey,
  url,
  wholeNumber,
  yesOrNo,
} from './setting-schemas';
import { z } from 'zod';

const DAY_MS = 86_400_000;

/** The FHIR server, how it tells of changes, and where it is told what the bridge does. */
export const fhirSettings = {
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
} as const satisfies Record<string, Record<string, Setting>>;
