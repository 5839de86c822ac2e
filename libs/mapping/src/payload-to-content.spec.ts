import { FhirRef } from '@bridge/contracts';
import type { CommunicationPayload } from '@medplum/fhirtypes';
import { readPayload } from './payload-to-content';

const source = FhirRef.parse('Communication/m1');

function contentOf(payload: CommunicationPayload) {
  return readPayload(source, [payload])[0]?.content;
}

it('says text as it is, marked with type and id of its resource alone', () => {
  expect(contentOf({ contentString: 'Two\nlines <b>' })).toEqual({
    msgtype: 'm.text',
    body: 'Two\nlines <b>',
    'nl.fhir-bridge.source': { type: 'Communication', id: 'm1' },
  });
});

it.each<[CommunicationPayload, string]>([
  [{ contentAttachment: { title: 'scan.pdf', contentType: 'application/pdf' } }, '“scan.pdf”'],
  [{ contentReference: { reference: 'DocumentReference/d', display: 'Letter' } }, '“Letter”'],
  [{ contentAttachment: { contentType: 'application/pdf' } }, 'An attachment'],
  [{ contentReference: { reference: 'DocumentReference/d' } }, 'An attachment'],
  [{}, 'An attachment'],
])('says in one line what cannot be shown: %j', (payload, what) => {
  expect(contentOf(payload)).toEqual({
    msgtype: 'm.notice',
    body: `${what} is in the record and cannot be shown here.`,
    'nl.fhir-bridge.source': { type: 'Communication', id: 'm1' },
  });
});

it('shows nothing of what an attachment holds', () => {
  const data = Buffer.from('canary').toString('base64');
  const content = contentOf({ contentAttachment: { title: 'a', data, url: 'Binary/canary' } });
  expect(JSON.stringify(content)).not.toMatch(new RegExp(`canary|${data}`));
});

it('says nothing for no payload', () => {
  expect(readPayload(source, undefined)).toEqual([]);
  expect(readPayload(source, [])).toEqual([]);
});
