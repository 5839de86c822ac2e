import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { charts } from './chart-files';
import { ofKind } from './kubernetes-object';
import { groupingsIn, metricsInCode, productSources, scrapeLabels, usesIn } from './metrics-in-code';
import { objectsOfTitle, root } from './rendered-charts';

interface AlertRule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
}

const objects = objectsOfTitle('fhir-matrix-bridge cloudnativepg-keda');
const rules = ofKind(objects, 'PrometheusRule').flatMap(({ spec }) =>
  (spec as { groups: { rules: AlertRule[] }[] }).groups.flatMap((group) => group.rules),
);
const dashboards = ofKind(objects, 'ConfigMap')
  .filter(({ metadata }) => metadata.name.endsWith('-dashboards'))
  .flatMap(({ data = {} }) => Object.entries(data));
const queries = ofKind(objects, 'ScaledObject').map(
  ({ metadata, spec }) =>
    [
      metadata.name,
      (spec as { triggers: { metadata: { query: string } }[] }).triggers[0]?.metadata.query ?? '',
    ] as const,
);
const panels = dashboards.flatMap(([, json]) =>
  (JSON.parse(json) as { panels: { title: string; targets?: { expr: string }[] }[] }).panels.flatMap(
    ({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const),
  ),
);
const expressions = [...rules.map(({ alert, expr }) => [alert, expr] as const), ...panels, ...queries];

it('has alerts, panels and autoscaling to look at', () => {
  expect(rules.length).toBeGreaterThan(10);
  expect(panels.length).toBeGreaterThan(20);
  expect(queries).toHaveLength(2);
});

describe.each(expressions)('%s', (_, expression) => {
  it('asks for metrics, labels and values that the bridge has', async () => {
    const metrics = await metricsInCode();
    const code = productSources();
    const uses = usesIn(expression);
    expect(uses.length).toBeGreaterThan(0);
    for (const { metric, labels, values } of uses) {
      const known = metric === 'up' ? [] : metrics.get(metric);
      expect({ metric, known }).toEqual({ metric, known: expect.any(Array) as string[] });
      expect([...(known ?? []), ...scrapeLabels]).toEqual(
        expect.arrayContaining([...labels, ...groupingsIn(expression)]),
      );
      for (const value of values) expect(code).toContain(`'${value}'`);
    }
  });

  it('asks for this release alone, and its brackets close', () => {
    for (const { labels } of usesIn(expression))
      expect(labels).toEqual(expect.arrayContaining(['namespace', 'app_kubernetes_io_instance']));
    for (const [open, close] of ['()', '{}', '[]']) {
      expect(expression.split(open ?? '')).toHaveLength(expression.split(close ?? '').length);
    }
    expect(expression).not.toContain('SELECTOR');
  });
});

describe('The backlog', () => {
  // Every process tells the backlog of the whole deployment (docs/observability.md).
  const toldByAll =
    /bridge_(queue_(pending|in_flight|redelivered|oldest_seconds)|dead_letters\b|parked_conversations)/;

  it.each(expressions.filter(([, expression]) => toldByAll.test(expression)))(
    'of %s is never summed',
    (_, expression) => {
      expect(expression).not.toMatch(
        /\b(sum|avg|count)\b[^(]*\([^()]*(\([^()]*\))?\s*\(?bridge_(queue_(pending|in_flight|redelivered|oldest)|dead_letters\{|parked)/,
      );
      expect(expression).toMatch(/^(max|absent)/);
    },
  );

  it('drives the worker that reads it', () => {
    expect(
      queries.map(([name, query]) => [name.replace(/.*bridge-/, ''), /stream="(\w+)"/.exec(query)?.[1]]),
    ).toEqual([
      ['fhir-mapper', 'MAPPING'],
      ['room-manager', 'ROOMS'],
    ]);
  });
});

describe('Alerts', () => {
  it('have a name each, a severity, a sentence that uses labels they have, and a runbook', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, expr, labels, annotations } of rules) {
      expect(labels.severity).toMatch(/^(critical|warning|info)$/);
      expect(annotations.runbook_url).toBe(`docs/operations/runbooks.md#${alert.toLowerCase()}`);
      for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g))
        expect([...groupingsIn(expr), 'pod']).toContain(label);
    }
  });

  it('can be turned off one by one', () => {
    const disabled = ofKind(objectsOfTitle('fhir-matrix-bridge production-external'), 'PrometheusRule');
    expect(JSON.stringify(disabled)).not.toContain('BridgeEventsMissing');
    expect(JSON.stringify(disabled)).toContain('BridgeStandsStill');
  });

  it('have their heading in the runbooks', () => {
    const runbooks = path.join(root, 'docs/operations/runbooks.md');
    const text = existsSync(runbooks) ? readFileSync(runbooks, 'utf8') : '';
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(expect.arrayContaining(rules.map(({ alert }) => alert)));
  });

  it('are those of the file, in which every one is complete', () => {
    const file = readFileSync(path.join(root, charts.bridge, 'files/alerts.yaml'), 'utf8');
    const written = parse(file) as Record<string, string>[];
    for (const rule of written)
      expect(Object.keys(rule).sort()).toEqual(['alert', 'expr', 'for', 'severity', 'summary']);
    expect(rules).toHaveLength(written.length);
  });
});
