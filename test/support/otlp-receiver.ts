import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as OTLP's JSON encoding has it (opentelemetry-proto, `trace.proto`), as far as tests look. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes?: readonly OtlpAttribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number | string;
    readonly boolValue?: boolean;
  };
}

interface OtlpRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

/** A span that was received, and the service that sent it. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parent: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly string[];
  readonly failed: boolean;
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const errorStatus = 2;

/** In place of a collector: takes OTLP over HTTP, as JSON, and keeps what came. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** The requests as they came. */
  readonly bodies: string[] = [];
  /** Takes what comes, and says nothing. */
  hangs = false;
  private readonly hanging: ServerResponse[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.take(request.url ?? '', Buffer.concat(chunks).toString('utf8'));
        if (receiver.hangs) receiver.hanging.push(response);
        else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What was received of a trace. */
  ofTrace(traceId: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(path: string, body: string): void {
    if (path !== '/v1/traces') throw new Error(`Spans were sent to ${path}`);
    this.bodies.push(body);
    for (const { resource, scopeSpans = [] } of (JSON.parse(body) as OtlpRequest).resourceSpans ?? []) {
      const service = String(valuesOf(resource?.attributes)['service.name']);
      for (const { spans = [] } of scopeSpans)
        this.spans.push(...spans.map((span) => receivedFrom(service, span)));
    }
  }
}

function receivedFrom(service: string, span: OtlpSpan): ReceivedSpan {
  return {
    service,
    traceId: span.traceId,
    spanId: span.spanId,
    parent: span.parentSpanId ?? '',
    name: span.name,
    kind: kinds[span.kind] ?? 'unknown',
    attributes: valuesOf(span.attributes),
    links: (span.links ?? []).map(({ traceId }) => traceId),
    failed: span.status?.code === errorStatus,
  };
}

function valuesOf(attributes: readonly OtlpAttribute[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? boolValue : Number(intValue)),
    ]),
  );
}
