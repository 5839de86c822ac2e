import { FhirRef } from '@bridge/contracts';
import type { CommunicationPayload } from '@medplum/fhirtypes';
import { inOrderOfParts, readPayload, textOfPart } from './payload-to-content';

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

describe('a text with a form', () => {
  const formatted = { format: 'org.matrix.custom.html', formatted_body: 'Take <b>two</b>' };

  it('is said with it, and as words alone', () => {
    expect(contentOf({ contentString: 'Take <b>two</b>' })).toMatchObject({ body: 'Take two', ...formatted });
  });

  it('may have it in the extension that FHIR has for that', () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/rendering-xhtml';
    const _contentString = { extension: [{ url, valueString: 'Take <b>two</b>' }] };
    const payload = { contentString: 'Take 2', _contentString } as CommunicationPayload;
    expect(contentOf(payload)).toMatchObject({ body: 'Take 2', ...formatted });
  });
});

describe('a text that is too long for one event', () => {
  const paragraph = `${'word '.repeat(2_000)}\n\n`;

  it('is said in pieces, numbered by its position and 1,000 for each further one', () => {
    const parts = readPayload(source, [{ contentString: paragraph.repeat(12) }, { contentString: 'short' }]);
    expect(parts.map(({ part }) => part)).toEqual([0, 1000, 2000, 1]);
    expect(parts.map(({ part }) => part).sort(inOrderOfParts)).toEqual([0, 1000, 2000, 1]);
    for (const { content } of parts) expect(JSON.stringify(content).length).toBeLessThan(57_344);
  });

  it('loses its form, and no word of it', () => {
    const [first, ...more] = readPayload(source, [{ contentString: `<b>x</b>${paragraph.repeat(12)}` }]);
    expect(more).not.toHaveLength(0);
    expect(first?.content).not.toHaveProperty('formatted_body');
    const words = [first, ...more].map((part) => part?.content.body as string).join(' ');
    expect(words.match(/word/g)).toHaveLength(24_000);
  });

  it('is attached as a file where it would take more than eight pieces; its words stay in the record', () => {
    const text = paragraph.repeat(60);
    const payload = [{ contentString: 'short' }, { contentString: text }];
    const [, part] = readPayload(source, payload);
    expect(part).toMatchObject({
      part: 1,
      content: {
        msgtype: 'm.file',
        body: 'message.txt',
        info: { mimetype: 'text/plain', size: text.length },
      },
      file: { url: 'Communication/m1', title: 'message.txt' },
    });
    expect(textOfPart(payload, 1)).toBe(text);
    expect(JSON.stringify(part)).not.toContain('word');
    const changed = readPayload(source, [{ contentString: `${text}.` }])[0];
    expect(changed?.file?.hash).not.toBe(part?.file?.hash);
  });
});
