import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BridgeApp } from '../../deploy/local/src/bridge';
import { freePorts } from '../../deploy/local/src/free-port';
import { type FhirSide, prepareFhirSide, type RecordServer, startRecordServer } from '../support/fhir-side';
import { OtlpReceiver } from '../support/otlp-receiver';
import { until } from '../support/until';

/* What tracing costs a process that has nowhere to send spans, and what it does at the end. Real processes, a real queue. */

jest.setTimeout(60_000);

let record: RecordServer;
let receiver: OtlpReceiver;
let folder: string;
let side: FhirSide | undefined;

beforeAll(async () => {
  [record, receiver, folder] = await Promise.all([
    startRecordServer(),
    OtlpReceiver.start(),
    mkdtemp(join(tmpdir(), 'bridge-tracing-')),
  ]);
}, 60_000);

afterEach(async () => {
  await side?.stop();
  side = undefined;
  receiver.hangs = false;
  receiver.spans.length = 0;
});

afterAll(async () => {
  await Promise.all([
    record?.stop('succeeded'),
    receiver?.stop(),
    rm(folder, { recursive: true, force: true }),
  ]);
});

/** Starts one process, and tells at its end how that went. */
async function started(app: BridgeApp, settings: Readonly<Record<string, string>>) {
  side = await prepareFhirSide(record, app, { FHIR_PULL_INTERVAL_MS: '86400000', ...settings });
  const { bridge, notifyUrl, environment } = side;
  await bridge[app].start();
  return {
    notify: async (): Promise<number> => {
      const headers = { authorization: `Bearer ${environment.notificationSecret}` };
      const { status } = await fetch(notifyUrl, { method: 'POST', headers });
      return status;
    },
    stop: async (): Promise<{ code: number | null; seconds: number }> => {
      const from = performance.now();
      const { code } = await bridge[app].stop();
      return { code, seconds: (performance.now() - from) / 1000 };
    },
  };
}

describe('without a collector', () => {
  it.each(['fhir-ingress', 'fhir-mapper'] as const)(
    '%s loads nothing of the OpenTelemetry SDK',
    async (app) => {
      const file = join(folder, app);
      const probe = join(__dirname, '../support/loaded-modules.cjs');
      const { stop } = await started(app, { NODE_OPTIONS: `--require=${probe}`, LOADED_MODULES: file });
      expect((await stop()).code).toBe(0);
      const loaded = (await readFile(file, 'utf8')).split('\n');
      expect(loaded.length).toBeGreaterThan(500);
      expect(loaded.filter((path) => path.includes('@opentelemetry/sdk') || path.includes('/otlp-'))).toEqual(
        [],
      );
      expect(loaded.filter((path) => path.includes('open-telemetry'))).toEqual([]);
    },
  );
});

describe('with a collector', () => {
  it('spans that still wait are handed over when the process stops', async () => {
    const late = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '600000' };
    const { notify, stop } = await started('fhir-ingress', late);
    expect(await notify()).toBe(204);
    expect(receiver.spans).toEqual([]);
    expect(await stop()).toMatchObject({ code: 0 });
    const [request] = receiver.spans.filter(({ kind }) => kind === 'server');
    expect(request).toMatchObject({
      service: 'fhir-matrix-bridge/fhir-ingress',
      name: 'POST /notify/:source',
      parent: '',
      failed: false,
      attributes: { 'http.route': '/notify/:source', 'http.response.status_code': 204 },
    });
    expect(receiver.ofTrace(request!.traceId)).toContainEqual(
      expect.objectContaining({
        name: 'send MAPPING',
        kind: 'producer',
        parent: request!.spanId,
        attributes: expect.objectContaining({
          'messaging.system': 'nats',
          'messaging.destination.name': 'MAPPING',
          'bridge.kind': 'fhir.pull',
        }) as object,
      }),
    );
  });

  it('that has another service name and sampler by the standard variables', async () => {
    const { notify, stop } = await started('fhir-ingress', {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
      OTEL_SERVICE_NAME: 'care-bridge',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=test',
      OTEL_TRACES_SAMPLER: 'always_off',
    });
    expect(await notify()).toBe(204);
    expect(await stop()).toMatchObject({ code: 0 });
    expect(receiver.spans).toEqual([]);
    await side?.stop();
    const sampled = await started('fhir-ingress', {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
      OTEL_SERVICE_NAME: 'care-bridge',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=test',
    });
    expect(await sampled.notify()).toBe(204);
    await sampled.stop();
    expect(new Set(receiver.spans.map(({ service }) => service))).toEqual(new Set(['care-bridge']));
  });

  it('that is away delays neither messages nor the stop, and the log says so once', async () => {
    const [closed = 0] = await freePorts(1);
    const away = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${closed}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    const { notify, stop } = await started('fhir-ingress', away);
    const answers: number[] = [];
    for (let each = 0; each < 20; each++) answers.push(await notify());
    expect(answers).toEqual(Array.from({ length: 20 }, () => 204));
    expect((await side!.queue.held('MAPPING')).length).toBeGreaterThanOrEqual(20);
    const log = () => side!.bridge['fhir-ingress'].logTail(200);
    await until('the line in the log', () => log().includes('The collector does not take traces'));
    const { code, seconds } = await stop();
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(5);
    expect(log().split('The collector does not take traces')).toHaveLength(2);
  });

  it('that says nothing delays neither messages nor, beyond three seconds, the stop', async () => {
    receiver.hangs = true;
    const { notify, stop } = await started('fhir-ingress', {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    });
    expect(await notify()).toBe(204);
    await until('spans at the collector', () => receiver.spans.length > 0);
    expect(await notify()).toBe(204);
    const { code, seconds } = await stop();
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(5);
  });
});
