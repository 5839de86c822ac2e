import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Metrics } from '@bridge/platform';
import { root } from './rendered-charts';

/** The TypeScript of the product, without tests and what is generated. */
export function productSources(): string {
  return ['apps', 'libs']
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(root, folder, file),
      ),
    )
    .filter((file) => /\.ts$/.test(file) && !/\.spec\.ts$|\/generated\/|-shim\/|node_modules/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

const definition =
  /\b(counter|gauge|histogram|perStream)\(\s*'(bridge_\w+)',\s*(?:'(?:[^'\\]|\\.)*'|"[^"]*"|\w+),?\s*(?:\[([^\]]*)\])?/g;

/** The metrics that the product tells, by the names of their series, with their labels. */
export async function metricsInCode(): Promise<Map<string, readonly string[]>> {
  const metrics = new Map<string, readonly string[]>();
  for (const [, kind, name = '', labels = ''] of productSources().matchAll(definition)) {
    const own =
      kind === 'perStream' ? ['stream'] : [...labels.matchAll(/'(\w+)'/g)].map(([, label = '']) => label);
    if (kind !== 'histogram') metrics.set(name, own);
    else for (const part of ['_bucket', '_sum', '_count']) metrics.set(name + part, [...own, 'le']);
  }
  // What prom-client tells by itself. Some of it has labels, which nothing here asks for.
  for (const { name } of await new Metrics().registry.getMetricsAsJSON()) metrics.set(name, []);
  return metrics;
}

/** The labels that Prometheus and the ServiceMonitors add to every series. */
export const scrapeLabels = ['namespace', 'pod', 'app_kubernetes_io_instance', 'app_kubernetes_io_component'];

export interface Use {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly values: readonly string[];
}

/** The series that a PromQL expression asks for: name, labels, and the values that the labels shall have. */
export function usesIn(expression: string): Use[] {
  return [...expression.matchAll(/\b((?:bridge|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, metric = '', matchers = '']) => {
      const pairs = [...matchers.matchAll(/(\w+)\s*(?:=~|!=|!~|=)\s*"([^"]*)"/g)];
      return {
        metric,
        labels: pairs.map(([, label = '']) => label),
        values: pairs
          .filter(([, label = '']) => !scrapeLabels.includes(label))
          .map(([, , value = '']) => value),
      };
    },
  );
}

/** The labels in the `by (…)` of an expression. */
export function groupingsIn(expression: string): string[] {
  return [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/\s*,\s*/));
}
