import path from 'node:path';
import { z } from 'zod';
import { composeRules } from '../compose/alert-rules';
import { bridgeValues } from './schema/bridge-values';
import { secretSettings } from './schema/bridge-settings';
import { federationValues } from './schema/federation-values';

/** Where the charts are, from the root of the repository. */
export const charts = {
  bridge: 'deploy/helm/fhir-matrix-bridge',
  federation: 'deploy/helm/synapse-federation',
};

/** The files of the charts, and of Compose, that are made from others, by path: what is in the repository has to be the same. */
export function chartFiles(): Record<string, string> {
  return {
    [path.join(charts.bridge, 'values.schema.json')]: schemaFile(bridgeValues()),
    [path.join(charts.bridge, 'files/secrets.yaml')]:
      '# The settings that are secrets, and who reads them. Made from the code: npm run docs:charts\n' +
      secretSettings(),
    [path.join(charts.federation, 'values.schema.json')]: schemaFile(federationValues()),
    ...composeRules(path.join(charts.bridge, 'files/alerts.yaml')),
  };
}

function schemaFile(schema: z.ZodType): string {
  const made = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify(made, undefined, 2)}\n`;
}
