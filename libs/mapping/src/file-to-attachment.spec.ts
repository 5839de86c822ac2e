import { FhirRef, MatrixEvent } from '@bridge/contracts';
import type { Communication } from '@medplum/fhirtypes';
import { edited } from './change-to-communication';
import {
  holdsFile,
  offeredFile,
  recaptioned,
  toDocumentReference,
  withFile,
  withLateFile,
  withdrawn,
  withoutFile,
} from './file-to-attachment';

const mxc = 'mxc://gp.example/abc';

function event(content: Record<string, unknown>): MatrixEvent {
  return MatrixEvent.parse({
    event_id: '$e',
    room_id: '!r',
    sender: '@gp:gp.example',
    type: 'm.room.message',
    origin_server_ts: 1,
    content: {
      msgtype: 'm.image',
      body: 'wound.jpg',
      url: mxc,
      info: { mimetype: 'image/jpeg' },
      ...content,
    },
  });
}

const change = { content: { payload: [{ contentString: 'x' }] }, mentioned: [] };
const after = (record: Communication, edit: MatrixEvent) =>
  edited(record, recaptioned(record, edit, change), {
    event: edit,
    resource: FhirRef.parse('Practitioner/gp'),
  }) as Communication;

const plain: Communication = {
  resourceType: 'Communication',
  status: 'completed',
  meta: { source: 'urn:bridge' },
  identifier: [{ system: 'https://matrix.org/event-id', value: '$e' }],
  subject: { reference: 'Patient/p' },
  encounter: { reference: 'Encounter/n' },
  sender: { reference: 'Practitioner/gp' },
  sent: '2026-03-10T12:00:00.000Z',
  payload: [{ contentString: 'wound.jpg' }],
  note: [{ text: 'not for files' }],
};
const attachment = { contentType: 'image/jpeg', title: 'wound.jpg', url: 'Binary/b' };
const stored = { contentAttachment: attachment };

describe('a file that is offered', () => {
  it.each(['m.image', 'm.file', 'm.audio', 'm.video'])('is the content of %s', (msgtype) => {
    expect(offeredFile(event({ msgtype }))).toEqual({
      title: 'wound.jpg',
      caption: undefined,
      mxc,
      declaredType: 'image/jpeg',
    });
  });

  it('is also a voice message', () => {
    const voice = { msgtype: 'm.audio', body: 'Voice message', 'org.matrix.msc3245.voice': {} };
    expect(offeredFile(event(voice))).toMatchObject({ title: 'Voice message', mxc });
  });

  it.each(['m.text', 'm.location', undefined, 7])('is not the content of %p', (msgtype) => {
    expect(offeredFile(event({ msgtype }))).toBeUndefined();
  });

  it.each([
    [{ filename: 'wound.jpg', body: 'Three days old.' }, 'wound.jpg', 'Three days old.'],
    [{ filename: 'wound.jpg', body: 'wound.jpg' }, 'wound.jpg', undefined],
    [{ body: 'Three days old.' }, 'Three days old.', undefined],
    [{ filename: 'wound.jpg', body: undefined }, 'wound.jpg', undefined],
    [{ filename: '', body: 'wound.jpg' }, 'wound.jpg', undefined],
    [{ body: '\u0000 ' }, '(no name)', undefined],
    [{ body: 'a\u0007b' }, 'ab', undefined],
  ])('with %j is called %j, with the caption %j', (content, title, caption) => {
    expect(offeredFile(event(content))).toMatchObject({
      title,
      caption: caption === undefined ? undefined : { contentString: caption },
    });
  });

  it('has a caption with its formatting', () => {
    const html = { format: 'org.matrix.custom.html', formatted_body: '<b>Old</b>.', body: 'Old.' };
    const { caption } = offeredFile(event({ filename: 'wound.jpg', ...html }))!;
    expect(caption).toMatchObject({ contentString: 'Old.', _contentString: { extension: [{}] } });
  });

  it('has no address when it is encrypted, or names none', () => {
    expect(offeredFile(event({ file: { url: mxc } }))?.mxc).toBeUndefined();
    expect(offeredFile(event({ url: undefined }))?.mxc).toBeUndefined();
  });

  it('keeps a declared type that is none, so that it is refused', () => {
    expect(offeredFile(event({ info: { mimetype: 7 } }))?.declaredType).toBe(7);
    expect(offeredFile(event({ info: undefined }))?.declaredType).toBeUndefined();
    expect(offeredFile(event({ info: 'x' }))?.declaredType).toBeUndefined();
  });
});

const captioned = offeredFile(event({ filename: 'wound.jpg', body: 'Three days old.' }))!;

describe('the record of a message with a file', () => {
  it('holds the attachment and the caption', () => {
    const record = withFile(plain, captioned, stored);
    expect(record.payload).toEqual([stored, { contentString: 'Three days old.' }]);
    expect(record.note).toBeUndefined();
    expect(holdsFile(record)).toBe(true);
  });

  it('that is not stored holds its name, the caption, and a note that says why', () => {
    const record = withoutFile(plain, captioned, 'file-too-large');
    expect(record.payload).toEqual([{ contentString: 'wound.jpg' }, { contentString: 'Three days old.' }]);
    expect(record.note).toEqual([{ text: expect.stringContaining('larger than allowed') as string }]);
    expect(holdsFile(record)).toBe(false);
  });

  it('gets a file that comes late, and keeps a caption that was edited before it came', () => {
    const waiting = {
      ...withoutFile(plain, captioned, 'file-late'),
      payload: [{ contentString: 'wound.jpg' }, { contentString: 'Four days old.' }],
    };
    const late = withLateFile(waiting, stored);
    expect(late.payload).toEqual([stored, { contentString: 'Four days old.' }]);
    expect(late.note).toBeUndefined();
    const gone = withLateFile(waiting, 'file-unavailable');
    expect(gone.payload).toEqual(waiting.payload);
    expect(gone.note?.[0]?.text).toContain('not available any more');
  });
});

describe('an edit of a file’s message', () => {
  const record = withFile(plain, captioned, stored);
  const edit = event({ filename: 'wound.jpg', body: 'Four days old.', url: 'mxc://gp.example/other' });

  it('changes the caption and keeps the file', () => {
    expect(after(record, edit).payload).toEqual([stored, { contentString: 'Four days old.' }]);
  });

  it('takes the caption away', () => {
    expect(after(record, event({})).payload).toEqual([stored]);
  });

  it('to the same caption changes nothing', () => {
    expect(after(record, event({ filename: 'wound.jpg', body: 'Three days old.' }))).toBe('same-content');
  });

  it('of a file that is not in the record keeps the note about it', () => {
    const without = withoutFile(plain, captioned, 'file-too-large');
    const edited = after(without, edit);
    expect(edited.payload).toEqual([{ contentString: 'wound.jpg' }, { contentString: 'Four days old.' }]);
    expect(edited.note).toEqual(without.note);
  });

  it('to text is an edit like any other', () => {
    expect(after(record, event({ msgtype: 'm.text', body: 'x' })).payload).toEqual(change.content.payload);
  });
});

describe('a large file', () => {
  it('is a document of the patient, by its sender, found by the event', () => {
    expect(toDocumentReference(plain, attachment)).toEqual({
      resourceType: 'DocumentReference',
      meta: plain.meta,
      identifier: plain.identifier,
      status: 'current',
      subject: { reference: 'Patient/p' },
      author: [{ reference: 'Practitioner/gp' }],
      date: plain.sent,
      content: [{ attachment }],
      context: { encounter: [{ reference: 'Encounter/n' }] },
    });
  });

  it('of nobody known is a document all the same', () => {
    const { subject, sender, encounter, sent, ...bare } = plain;
    expect([subject, sender, encounter, sent]).not.toContain(undefined);
    expect(Object.keys(toDocumentReference(bare, attachment)).sort()).toEqual([
      'content',
      'identifier',
      'meta',
      'resourceType',
      'status',
    ]);
  });

  it('is withdrawn once', () => {
    const after = withdrawn(toDocumentReference(plain, attachment));
    expect(after?.status).toBe('entered-in-error');
    expect(withdrawn(after!)).toBeUndefined();
  });
});
