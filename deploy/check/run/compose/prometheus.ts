import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../../local/src/project-root';

const DASHBOARD = 'deploy/helm/fhir-matrix-bridge/dashboards/fhir-matrix-bridge.json';

const vector = z.object({
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
  ),
});
const targets = z.object({
  activeTargets: z.array(
    z.object({ labels: z.record(z.string(), z.string()), health: z.string(), lastError: z.string() }),
  ),
});
const rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(z.object({ name: z.string(), state: z.string(), health: z.string() })),
    }),
  ),
});
const dashboard = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) }),
  ),
});

/** A series of a query, by its labels, with its value now. */
export type Series = z.infer<typeof vector>['result'][number];

/** What Grafana asks of Prometheus, and what Prometheus tells of itself. */
export class Prometheus {
  /** @param address in the organisation's network */
  constructor(private readonly address: string) {}

  /** @throws Error where Prometheus does not understand the query */
  async query(query: string): Promise<Series[]> {
    const { result } = vector.parse(await this.#get(`query?${new URLSearchParams({ query }).toString()}`));
    return result;
  }

  /** What is scraped, by pod: `up`, or the last error. */
  async targets(): Promise<Record<string, string>> {
    const { activeTargets } = targets.parse(await this.#get('targets?state=active'));
    return Object.fromEntries(
      activeTargets.map(({ labels, health, lastError }) => [labels.pod ?? '', lastError || health]),
    );
  }

  /** The state of each alert, such as `inactive`, by group and name; of one that cannot be evaluated its health. */
  async alerts(): Promise<Record<string, Record<string, string>>> {
    const { groups } = rules.parse(await this.#get('rules'));
    return Object.fromEntries(
      groups.map((group) => [
        group.name,
        Object.fromEntries(
          group.rules.map(({ name, state, health }) => [name, health === 'ok' ? state : health]),
        ),
      ]),
    );
  }

  /** The panels of the bridge's dashboard for one organisation: how many series each query of each panel has. */
  async panels(organisation: string): Promise<Record<string, number[]>> {
    const { panels } = dashboard.parse(JSON.parse(readFileSync(join(projectRoot(), DASHBOARD), 'utf8')));
    const filled = panels.map(async ({ title, targets: queries }): Promise<[string, number[]]> => {
      const found = await Promise.all(queries.map(({ expr }) => this.query(chosen(expr, organisation))));
      return [title, found.map((series) => series.length)];
    });
    return Object.fromEntries(await Promise.all(filled));
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`http://${this.address}:9090/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; data: unknown; error?: string };
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
}

/** As Grafana fills in the dashboard's variables. */
function chosen(expression: string, organisation: string): string {
  return expression
    .replaceAll('$namespace', 'compose')
    .replaceAll('$instance', organisation)
    .replaceAll('$__rate_interval', '1m');
}
