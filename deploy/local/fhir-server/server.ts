import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BinaryHttp } from './binary-http';
import { BinaryStore } from './binary-store';
import type { DeliveryReport } from './delivery-queue';
import { indexFhirDefinitions } from './fhir-definitions';
import { FhirHttp } from './fhir-http';
import { FhirService } from './fhir-service';
import { SubscriptionEngine } from './subscription-engine';
import { TopicEvents } from './topic-events';

/**
 * Longer than anybody idles here. A client that is busy can send its next request just when an idle connection is closed
 * on it, and cannot tell then whether it was read.
 */
const keepAliveMs = 600_000;

/** Five attempts within about ten seconds. */
const defaultRetryDelaysMs = [700, 1_400, 2_800, 5_600];

const defaultLargestBinary = 256 * 2 ** 20;

export interface FhirServerOptions {
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** When set, requests other than `/metadata` must bear it. */
  readonly bearerToken?: string;
  /** Largest Binary that is taken as bytes; 256 MiB unless given. */
  readonly largestBinary?: number;
  /** Milliseconds before each further attempt of a Subscription's delivery. */
  readonly retryDelaysMs?: readonly number[];
  /** Hears of each attempt to deliver a notification. */
  readonly onDelivery?: (report: DeliveryReport) => void;
}

export interface FhirServer {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Breaks off deliveries and connections, and frees the port. */
  close(): Promise<void>;
}

/**
 * Starts a FHIR R4 server that keeps everything in memory, for demonstrations and tests.
 * Takes about 0.6 s the first time in a process.
 *
 * @throws when the port cannot be had
 */
export async function startFhirServer(options: FhirServerOptions): Promise<FhirServer> {
  const { host = '127.0.0.1', port, bearerToken } = options;
  indexFhirDefinitions();
  const server = createServer({ keepAliveTimeout: keepAliveMs });
  server.listen(port, host);
  await once(server, 'listening');
  const baseUrl = `http://${host}:${(server.address() as AddressInfo).port}/fhir`;

  const events = new TopicEvents(baseUrl);
  const service = new FhirService(baseUrl, events, (versions) => engine.changed(versions));
  const engine = new SubscriptionEngine({
    retryDelaysMs: options.retryDelaysMs ?? defaultRetryDelaysMs,
    changeStatus: (change) => void service.changeSubscriptionStatus(change),
    onDelivery: options.onDelivery ?? (() => undefined),
    events,
  });
  const files = new BinaryStore(options.largestBinary ?? defaultLargestBinary);
  const http = new FhirHttp(service, new BinaryHttp(service, files), baseUrl, bearerToken);
  server.on('request', (request, response) => void http.answer(request, response));

  return {
    baseUrl,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, engine.close()]);
      await files.close();
    },
  };
}
