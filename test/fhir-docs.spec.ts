import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../deploy/local/src/project-root';
import {
  readDocument,
  rowsOf,
  supportedRowsOf,
  testsNamedIn,
  unknownTestsIn,
  withoutTest,
} from './support/cited-tests';

const document = readDocument('fhir.md');
const notifications = document.slice(
  document.indexOf('## Notifications'),
  document.indexOf('## Subscriptions'),
);

describe('docs/fhir.md', () => {
  it('names only tests that there are', () => {
    expect(unknownTestsIn(document)).toEqual([]);
  });

  it('has a test for everything that it calls supported', () => {
    expect(withoutTest(supportedRowsOf(document))).toEqual([]);
    expect(supportedRowsOf(notifications).length).toBeGreaterThan(10);
  });

  it('leaves out no file of tests of the notifications', () => {
    const files = readdirSync(join(projectRoot(), 'test'))
      .filter((file) => file.startsWith('fhir-ingress'))
      .map((file) => `test/${file}`);
    const named = new Set(testsNamedIn(notifications).map(({ file }) => file));
    expect(files.filter((file) => !named.has(file))).toEqual([]);
  });

  it.each([
    'HAPI',
    'Medplum',
    'Firely',
    'microsoft/fhir-server',
    'Google Cloud Healthcare',
    'AWS HealthLake',
    'Azure Health Data Services',
    'Koppeltaal',
    'eOverdracht',
    'Twiin',
    'OZO',
    'R4 backport',
    'R4B',
    'R5',
  ])('says what becomes of notifications of %s', (sender) => {
    expect(rowsOf(notifications).filter(([senders]) => senders?.includes(sender))).not.toEqual([]);
  });
});
