import { indexFhirDefinitions } from './fhir-definitions';
import { FhirService } from './fhir-service';
import type { Version } from './resource-store';
import { TopicEvents } from './topic-events';

const baseUrl = 'http://fhir.example/fhir';

beforeAll(indexFhirDefinitions);

/** Over HTTP each request's steps tend to run in one go; begun in the same tick they would take turns. */
test('conditional creates begun in the same tick make one resource', async () => {
  const committed: Version[] = [];
  const service = new FhirService(baseUrl, new TopicEvents(baseUrl), (versions) =>
    committed.push(...versions),
  );
  const results = await Promise.all(
    Array.from({ length: 50 }, () =>
      service.handle({
        method: 'POST',
        url: 'Communication',
        body: {
          resourceType: 'Communication',
          status: 'completed',
          identifier: [{ system: 'https://matrix.org/event-id', value: '$race' }],
        },
        ifNoneExist: 'identifier=https://matrix.org/event-id|$race',
      }),
    ),
  );

  expect(results.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(results.filter(({ status }) => status === 200)).toHaveLength(49);
  expect(committed).toHaveLength(1);
});

test('a conditional create and a transaction with the same condition make one resource', async () => {
  const service = new FhirService(baseUrl, new TopicEvents(baseUrl), () => undefined);
  const body = { resourceType: 'Patient', identifier: [{ system: 'urn:s', value: '1' }] };
  const ifNoneExist = 'identifier=urn:s|1';
  const entry = [{ resource: { ...body }, request: { method: 'POST', url: 'Patient', ifNoneExist } }];
  const results = await Promise.all([
    service.handle({ method: 'POST', url: '', body: { resourceType: 'Bundle', type: 'transaction', entry } }),
    service.handle({ method: 'POST', url: 'Patient', body, ifNoneExist }),
  ]);

  expect(results.map(({ status }) => status)).toEqual([200, 200]);
  const { resource } = await service.handle({ method: 'GET', url: 'Patient?identifier=urn:s|1' });
  expect(resource).toMatchObject({ total: 1 });
});
