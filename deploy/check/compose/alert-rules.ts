import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { ORGANISATIONS } from './compose-model';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: string;
  readonly summary: string;
}

/** The alerts of the chart as rules of each organisation's in Compose, by path. @param alerts the chart's file */
export function composeRules(alerts: string): Record<string, string> {
  const all = parse(readFileSync(alerts, 'utf8')) as Alert[];
  return Object.fromEntries(
    ORGANISATIONS.map((name) => [
      path.join('deploy/compose/monitoring/rules', `${name}.yaml`),
      rulesOf(name, all),
    ]),
  );
}

function rulesOf(organisation: string, alerts: readonly Alert[]): string {
  const selector = `namespace="compose",app_kubernetes_io_instance="${organisation}"`;
  const rules = alerts.map(({ alert, expr, for: duration, severity, summary }) => ({
    alert,
    expr: expr.replaceAll('SELECTOR', selector),
    for: duration,
    labels: { severity, organisation },
    annotations: { summary, runbook_url: `docs/operations/runbooks.md#${alert.toLowerCase()}` },
  }));
  return (
    "# Made from the chart's files/alerts.yaml: npm run docs:charts\n" +
    stringify({ groups: [{ name: organisation, rules }] }, { lineWidth: 0 })
  );
}
