import { deadLetterClasses } from '@bridge/contracts';
import type { Setting } from './setting';
import { baseUrls } from './compound-schemas';
import { line, matching, oneNumberOf, oneOf, someOf, url, wholeNumber } from './setting-schemas';

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;

/** What every app listens on, logs to, and keeps its queue and mappings in. */
export const serverSettings = {
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
  tracing: {
    endpoint: {
      env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      schema: url(['https', 'http']),
      optional: true,
      doc: 'OpenTelemetry collector that takes traces (OTLP over HTTP, as JSON), without /v1/traces; not set, here and in OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: nothing is recorded.',
    },
    tracesEndpoint: {
      env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      schema: url(['https', 'http']),
      optional: true,
      doc: 'The whole URL for traces, in place of OTEL_EXPORTER_OTLP_ENDPOINT.',
    },
    serviceName: {
      env: 'OTEL_SERVICE_NAME',
      schema: line(),
      optional: true,
      doc: 'Name of the service in traces; not set: fhir-matrix-bridge/ and the name of the process.',
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
      secret: true,
      doc: 'NATS servers of the JetStream cluster, separated by commas; user and password, or a token, in the first hold for all.',
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
    monitoringUrls: {
      env: 'NATS_MONITORING_URLS',
      schema: baseUrls(),
      optional: true,
      doc: 'Monitoring ports of the NATS servers, separated by commas; there a process sees at its start whether they write to disk before they confirm.',
    },
    durability: {
      env: 'NATS_DURABILITY',
      schema: oneOf(['warn', 'strict']),
      default: 'warn',
      doc: 'What a process does at its start when NATS could lose what it has confirmed (no `sync_interval: always`, fewer than three replicas, or not known): log a warning, or refuse to start.',
    },
    parkOn: {
      env: 'NATS_PARK_ON',
      schema: someOf(deadLetterClasses),
      default: 'none',
      doc: 'Classes of failure, separated by commas, after which the later messages of the conversation wait for an operator; after others they go on. The same for all workers.',
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
} as const satisfies Record<string, Record<string, Setting>>;
