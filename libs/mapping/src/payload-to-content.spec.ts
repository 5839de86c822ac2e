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

it('leaves to the upload what a file looks like, and marks it all the same', () => {
  const attachment = { title: 'scan.pdf', contentType: 'application/pdf', url: 'Binary/b' };
  expect(readPayload(source, [{ contentString: 'See:' }, { contentAttachment: attachment }])[1]).toEqual({
    part: 1,
    content: { 'nl.fhir-bridge.source': { type: 'Communication', id: 'm1' } },
    file: attachment,
  });
});

it('says nothing for no payload', () => {
  expect(readPayload(source, undefined)).toEqual([]);
  expect(readPayload(source, [])).toEqual([]);
});
