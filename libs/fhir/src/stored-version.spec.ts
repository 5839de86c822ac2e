import { storedVersion } from './stored-version';

const uuid = '0f9c7a52-2f6c-4b56-9d4c-8e1a4f0b7c11';

it.each([
  // HAPI: numeric ids and versions.
  ['http://127.0.0.1:8080/fhir/Communication/52/_history/3', 'Communication/52', '3'],
  // Medplum: UUIDs for both.
  [`https://api.example/fhir/R4/Communication/${uuid}/_history/${uuid}`, `Communication/${uuid}`, uuid],
  ['Communication/52/_history/3', 'Communication/52', '3'],
  ['https://ehr.example/tenant/a/fhir/Communication/52', 'Communication/52', ''],
])('reads the Location %s', (location, ref, versionId) => {
  expect(storedVersion({ location }, undefined)).toEqual({ ref, versionId });
});

it('takes the version from the ETag where the Location has none', () => {
  const location = 'https://ehr.example/fhir/Communication/52';
  expect(storedVersion({ location, etag: 'W/"7"' }, undefined)?.versionId).toBe('7');
});

it('takes the Content-Location where there is no Location', () => {
  const headers = { 'content-location': 'https://ehr.example/fhir/Communication/52/_history/1' };
  expect(storedVersion(headers, undefined)).toEqual({ ref: 'Communication/52', versionId: '1' });
});

it('takes the resource where no header says it, but no OperationOutcome, which can have an id', () => {
  const resource = { resourceType: 'Communication', id: '52', meta: { versionId: '2' } };
  expect(storedVersion({}, resource)).toEqual({ ref: 'Communication/52', versionId: '2' });
  expect(storedVersion({}, { resourceType: 'OperationOutcome', id: 'created' })).toBeUndefined();
  expect(storedVersion({}, undefined)).toBeUndefined();
});
