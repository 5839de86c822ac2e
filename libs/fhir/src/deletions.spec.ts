import type { FhirRef } from '@bridge/contracts';
import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import { Capabilities } from './capabilities';
import { Deletions } from './deletions';
import type { FhirClient } from './fhir-client';
import { FhirRefusal } from './fhir-failure';

/** A server that has these answers, by URL, and refuses everything else. */
function server(answers: Record<string, object>) {
  const asked: string[] = [];
  const fhir = {
    get: async (_operation: string, url: string) => {
      asked.push(url);
      const found = answers[url];
      if (!found) throw new FhirRefusal(404, 'read', '');
      return found;
    },
  } as unknown as FhirClient;
  return { asked, deletions: new Deletions(fhir), capabilities: new Capabilities(fhir) };
}

const history = (entry: BundleEntry[], next?: string): Bundle => ({
  resourceType: 'Bundle',
  type: 'history',
  entry,
  ...(next ? { link: [{ relation: 'next', url: next }] } : {}),
});

/** As HAPI writes it: the version in the URL of the request, no resource. */
const hapiDeletion: BundleEntry = {
  fullUrl: 'http://hapi.example/fhir/CareTeam/7',
  request: { method: 'DELETE', url: 'CareTeam/7/_history/3' },
  response: { status: '204 No Content', lastModified: '2026-03-10T12:00:03.123+01:00' },
};

const update: BundleEntry = {
  fullUrl: 'http://hapi.example/fhir/CareTeam/8',
  resource: { resourceType: 'CareTeam', id: '8', meta: { lastUpdated: '2026-03-10T11:00:05Z' } },
  request: { method: 'PUT', url: 'CareTeam/8' },
  response: { status: '200', etag: 'W/"2"' },
};

it('finds what was deleted of a type, over all pages, with the newest instant of each', async () => {
  const { deletions } = server({
    'CareTeam/_history?_since=2026-03-10T10%3A00%3A00.000Z&_count=200': history(
      [update, hapiDeletion],
      'page2',
    ),
    page2: history([
      {
        fullUrl: 'http://fhir.example/CareTeam/9',
        request: { method: 'DELETE', url: 'CareTeam/9' },
        response: { status: '204', etag: 'W/"5"', lastModified: '2026-03-10T10:30:00Z' },
      },
    ]),
  });
  const pages = [];
  for await (const page of deletions.since('CareTeam', new Date('2026-03-10T10:00:00Z'))) pages.push(page);
  expect(pages).toEqual([
    {
      newest: new Date('2026-03-10T11:00:05Z'),
      deletions: [{ ref: 'CareTeam/7', versionId: '3', deletedAt: new Date('2026-03-10T11:00:03.123Z') }],
    },
    {
      newest: new Date('2026-03-10T10:30:00Z'),
      deletions: [{ ref: 'CareTeam/9', versionId: '5', deletedAt: new Date('2026-03-10T10:30:00Z') }],
    },
  ]);
});

it('tells how one resource ended, with the version before', async () => {
  const { deletions } = server({ 'CareTeam/7/_history?_count=10': history([hapiDeletion, update]) });
  expect(await deletions.of('CareTeam/7' as FhirRef)).toMatchObject({ versionId: '3', last: { id: '8' } });
});

it('a resource that came back, or of which nothing is told, has not ended', async () => {
  const { deletions } = server({ 'CareTeam/8/_history?_count=10': history([update, hapiDeletion]) });
  expect(await deletions.of('CareTeam/8' as FhirRef)).toBeUndefined();
  expect(await deletions.of('CareTeam/unknown' as FhirRef)).toBeUndefined();
});

describe('whether a server tells its history', () => {
  const metadata = (rest: object) => ({ metadata: { resourceType: 'CapabilityStatement', rest: [rest] } });

  it('is known by type, where it names the types', async () => {
    const able = { type: 'CareTeam', interaction: [{ code: 'history-type' }] };
    const other = { type: 'Patient', interaction: [{ code: 'history-instance' }] };
    const { capabilities } = server(metadata({ mode: 'server', resource: [able, other] }));
    expect(await capabilities.historyOf(['CareTeam', 'Patient', 'Task'])).toEqual(['CareTeam']);
  });

  it('is so for all of them, where it has one of everything', async () => {
    const { asked, capabilities } = server(
      metadata({ mode: 'server', interaction: [{ code: 'history-system' }] }),
    );
    expect(await capabilities.historyOf(['CareTeam', 'Task'])).toEqual(['CareTeam', 'Task']);
    await capabilities.historyOf(['CareTeam']);
    expect(asked).toEqual(['metadata']);
  });

  it('is not so where it says nothing, or only what it does as a client', async () => {
    const client = metadata({ mode: 'client', interaction: [{ code: 'history-system' }] });
    expect(await server(client).capabilities.historyOf(['CareTeam'])).toEqual([]);
    expect(await server({}).capabilities.historyOf(['CareTeam'])).toEqual([]);
  });
});
