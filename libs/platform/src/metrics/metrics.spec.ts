import { Metrics } from './metrics';

describe('Metrics', () => {
  it('gives the same metric for the same name, and exposes it with its labels', async () => {
    const metrics = new Metrics();
    metrics.counter('bridge_messages_total', 'Messages', ['kind']).inc({ kind: 'fhir.changed' });
    metrics.counter('bridge_messages_total', 'Messages', ['kind']).inc({ kind: 'fhir.changed' });
    metrics.histogram('bridge_work_seconds', 'Work', [], [1, 2]).observe(1.5);
    metrics.gauge('bridge_backlog', 'Backlog').set(3);
    const text = await metrics.registry.metrics();
    expect(text).toContain('bridge_messages_total{kind="fhir.changed"} 2');
    expect(text).toContain('bridge_work_seconds_bucket{le="2"} 1');
    expect(text).toContain('bridge_backlog 3');
  });

  it('keeps the metrics of two apps in one process apart', async () => {
    const one = new Metrics();
    const other = new Metrics();
    one.counter('bridge_messages_total', 'Messages').inc();
    expect(await other.registry.metrics()).not.toContain('bridge_messages_total');
  });

  it('refuses one name for two kinds of metric', () => {
    const metrics = new Metrics();
    metrics.counter('bridge_messages_total', 'Messages');
    expect(() => metrics.gauge('bridge_messages_total', 'Messages')).toThrow('another type');
  });
});
