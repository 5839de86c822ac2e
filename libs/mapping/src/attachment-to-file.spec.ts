import { FhirRef } from '@bridge/contracts';
import type { CommunicationPayload } from '@medplum/fhirtypes';
import {
  type AttachmentHolder,
  attachmentIn,
  fileContent,
  fileSource,
  holdsAttachment,
  notShown,
} from './attachment-to-file';
import { textsIn } from './texts/texts';

const source = FhirRef.parse('Communication/m1');

it.each<[CommunicationPayload, object | undefined]>([
  [{ contentString: 'text' }, undefined],
  [
    { contentAttachment: { title: 'scan.pdf', contentType: 'application/pdf', url: 'Binary/b' } },
    { title: 'scan.pdf', contentType: 'application/pdf', url: 'Binary/b' },
  ],
  [
    { contentReference: { reference: 'DocumentReference/d', display: 'Letter' } },
    { title: 'Letter', url: 'DocumentReference/d' },
  ],
  [{ contentReference: { display: 'Letter' } }, { title: 'Letter' }],
  [{}, {}],
])('the file of %j is %j', (payload, file) => {
  expect(fileSource(source, payload)).toEqual(file);
});

it('what is inside the resource does not go through the queue: its resource is named', () => {
  const file = fileSource(source, { contentAttachment: { data: 'Y2FuYXJ5', url: 'Binary/b', title: 'a' } });
  expect(file).toMatchObject({ url: 'Communication/m1', title: 'a' });
  const other = fileSource(source, { contentAttachment: { data: 'b3RoZXI=', title: 'a' } });
  expect(other?.hash).not.toBe(file?.hash);
});

it.each([
  ['DocumentReference/d', true],
  ['Communication/m', true],
  ['Binary/b', false],
  ['Patient/p', false],
])('%s holds an attachment: %p', (ref, expected) => {
  expect(holdsAttachment(FhirRef.parse(ref))).toBe(expected);
});

describe('the attachment in a resource', () => {
  const attachment = { title: 'scan.pdf' };

  it('is the payload of that part', () => {
    const payload = [{ contentString: 'text' }, { contentAttachment: attachment }];
    const communication: AttachmentHolder = { resourceType: 'Communication', status: 'completed', payload };
    expect(attachmentIn(communication, 1)).toBe(attachment);
    expect(attachmentIn(communication, 1001)).toBe(attachment);
    expect(attachmentIn(communication, 0)).toBeUndefined();
    expect(attachmentIn(communication, 7)).toBeUndefined();
  });

  it.each(['current', 'entered-in-error'] as const)('is that of a document which is %s', (status) => {
    const document: AttachmentHolder = {
      resourceType: 'DocumentReference',
      status,
      content: [{ attachment }],
    };
    expect(attachmentIn(document, 0)).toBe(status === 'current' ? attachment : undefined);
  });

  it('is the one that is asked for, of a resource that holds several', () => {
    const other = { ...attachment, title: 'other' };
    const document: AttachmentHolder = {
      resourceType: 'DocumentReference',
      status: 'current',
      content: [{ attachment }, { attachment: other }],
    };
    const report: AttachmentHolder = {
      resourceType: 'DiagnosticReport',
      status: 'final',
      code: {},
      presentedForm: [attachment, other],
    };
    for (const holder of [document, report]) expect(attachmentIn(holder, 2, 1)).toBe(other);
    expect(attachmentIn(report, 3, 2)).toBeUndefined();
    expect(attachmentIn({ ...report, status: 'entered-in-error' }, 1, 0)).toBeUndefined();
  });

  it('is that of a Media', () => {
    const media: AttachmentHolder = { resourceType: 'Media', status: 'completed', content: attachment };
    expect(attachmentIn(media, 0)).toBe(attachment);
    expect(attachmentIn({ ...media, status: 'entered-in-error' }, 0)).toBeUndefined();
  });
});

it.each([
  ['image/png', 'm.image'],
  ['video/mp4', 'm.video'],
  ['audio/ogg', 'm.audio'],
  ['application/pdf', 'm.file'],
])('%s is shown as %s', (type, msgtype) => {
  expect(fileContent('scan', { mxc: 'mxc://a/b', type, size: 3 })).toEqual({
    msgtype,
    body: 'scan',
    filename: 'scan',
    url: 'mxc://a/b',
    info: { mimetype: type, size: 3 },
  });
});

it.each([
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['a\nb\u0000.pdf', 'ab.pdf'],
  // The override would show it as "scanexe.pdf".
  ['scan\u202efdp.exe', 'scanfdp.exe'],
  [' ', '_'],
  ['😀'.repeat(300), '😀'.repeat(255)],
])('a file of the title %j is called %j', (title, name) => {
  expect(fileContent(title, { mxc: 'mxc://a/b', type: 'a/b', size: undefined })).toMatchObject({
    body: name,
    filename: name,
  });
});

it.each([
  ['en', 'scan', '“scan” is in the record and cannot be shown here.'],
  ['nl', undefined, 'Bijlage staat in het dossier en kan hier niet worden getoond.'],
  ['de', 'scan', '“scan” ist in der Akte und kann hier nicht angezeigt werden.'],
] as const)('says in %s in one line what is not shown: %j', (language, title, body) => {
  expect(notShown(title, textsIn(language))).toEqual({ msgtype: 'm.notice', body });
});
