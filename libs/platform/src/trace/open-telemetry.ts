import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { RecordedSpan, SpanDescription, SpanRecorder } from './span-recorder';
import type { SpanContext } from './trace-context';

/*
 * The only file that loads the SDK, and it is loaded only where spans have somewhere to go.
 * The current span is kept by trace-context.ts alone, because traces go on in headers and log lines without an SDK;
 * hence no context manager and no propagator are registered.
 */

export interface OpenTelemetryOptions {
  readonly serviceName: string;
  /** Counts for more than OTEL_RESOURCE_ATTRIBUTES; where it is not set, those count for more than `serviceName`. */
  readonly configuredName?: string;
  /** Where spans go, with its path. */
  readonly url: string;
  /** Told whenever a batch could be handed over after one that could not, or the other way round. */
  readonly onChange: (arrives: boolean) => void;
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

/** Spans by the OpenTelemetry SDK, over OTLP/HTTP. What else it can be told comes from its standard variables. */
export class OpenTelemetry implements SpanRecorder {
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;

  constructor(options: OpenTelemetryOptions) {
    const exporter = toldOf(new OTLPTraceExporter({ url: options.url }), options.onChange);
    this.provider = new BasicTracerProvider({
      resource: resourceOf(options),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    this.tracer = this.provider.getTracer('fhir-matrix-bridge');
  }

  begin(
    { name, kind, attributes, startedAt }: SpanDescription,
    parent: SpanContext | undefined,
  ): RecordedSpan {
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, toApi(parent)) : ROOT_CONTEXT;
    return recorded(
      this.tracer.startSpan(name, { kind: kinds[kind], attributes, startTime: startedAt }, context),
    );
  }

  /** Hands over what is recorded and stops. Rejects where that is not possible. */
  async stop(): Promise<void> {
    await this.provider.shutdown();
  }
}

function resourceOf({ serviceName, configuredName }: OpenTelemetryOptions) {
  const name = (value: string) => resourceFromAttributes({ 'service.name': value });
  const detected = detectResources({ detectors: [serviceInstanceIdDetector, envDetector] });
  const resource = defaultResource().merge(name(serviceName)).merge(detected);
  return configuredName === undefined ? resource : resource.merge(name(configuredName));
}

function recorded(span: Span): RecordedSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    context: { traceId, spanId, flags: traceFlags.toString(16).padStart(2, '0') },
    annotate: (attributes) => void span.setAttributes(attributes),
    link: (other) => void span.addLink({ context: toApi(other) }),
    fail: (failureClass) => {
      span.setAttribute('error.type', failureClass);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: () => span.end(),
  };
}

function toApi({ traceId, spanId, flags }: SpanContext) {
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** The SDK itself keeps silent: its own words may quote what the collector answered. */
function toldOf(exporter: OTLPTraceExporter, onChange: (arrives: boolean) => void): SpanExporter {
  let arrives = true;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const arrived = result.error === undefined;
        if (arrived !== arrives) onChange(arrived);
        arrives = arrived;
        done(result);
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}
