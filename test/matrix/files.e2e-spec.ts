import { createHash, randomBytes } from 'node:crypto';
import type { Binary, Communication, CommunicationPayload, DocumentReference } from '@medplum/fhirtypes';
import { communication } from '../../deploy/local/src/example-data';
import type { SeenEvent } from '../../deploy/local/src/matrix-user';
import type { Professional } from '../../deploy/local/src/scenario/network';
import { recordOf } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { mediaUriOf, sendAgain } from '../support/media-evidence';
import { deadLetterKinds, deliverAgain } from '../support/queue-evidence';
import { noted, outcomeOfSteps, step } from '../support/step';

const KIBIBYTE = 1024;
const documentBytes = 300 * KIBIBYTE;
const maxBytes = 2048 * KIBIBYTE;

let care: CareConversation;

beforeAll(async () => {
  care = await startCareConversation({
    settings: { MEDIA_MAX_BYTES: String(maxBytes), MEDIA_DOCUMENT_BYTES: String(documentBytes) },
  });
}, 180_000);

afterAll(async () => {
  await care?.stop(outcomeOfSteps());
}, 30_000);

const withinMs = 60_000;

/** Bytes that no two files share. */
const file = (size = 10 * KIBIBYTE): Buffer => randomBytes(size);

const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('base64');

/** Somebody, the GP on the homeserver of another organisation unless told otherwise, uploads a file and says it. */
async function offer(
  bytes: Buffer,
  {
    type = 'image/png',
    content = {},
    who = care.network.gp,
  }: { type?: string; content?: object; who?: Professional } = {},
): Promise<{ eventId: string; recorded: Communication & { id: string } }> {
  const url = await who.matrix.upload(bytes, type);
  const info = { mimetype: type, size: bytes.length };
  const said = { msgtype: 'm.image', url, info, ...content };
  const { eventId } = await who.matrix.say(care.thread.roomId, 'wound.png', said);
  return { eventId, recorded: await recordOf(care.network, eventId) };
}

/** What the FHIR server holds of an attachment. */
async function bytesOf({ contentAttachment }: CommunicationPayload = {}): Promise<Buffer> {
  return (await care.network.fhir.readBinary(contentAttachment?.url ?? 'nowhere')).bytes;
}

/** What the bot answers to an event. */
async function noticeTo({ matrix }: Professional, eventId: string): Promise<string> {
  const answer = await matrix.waitFor(`the answer to ${eventId}`, () =>
    matrix.events.find(({ content }) => {
      const relation = content['m.relates_to'] as { 'm.in_reply_to'?: { event_id?: string } } | undefined;
      return content.msgtype === 'm.notice' && relation?.['m.in_reply_to']?.event_id === eventId;
    }),
  );
  return answer.content.body as string;
}

/** The carer, who has no Matrix account, writes a Communication with this payload. */
async function write(payload: CommunicationPayload[]): Promise<Communication & { id: string }> {
  const { network, thread } = care;
  const author = `RelatedPerson/${network.carer.id}`;
  const plain = communication(thread.request.id, network.patient.id, thread.team.id, author, '');
  return network.fhir.create<Communication>({ ...plain, payload });
}

/** The messages of a Communication, as the GP's client on another homeserver sees them, once there are so many. */
async function seenOf({ id }: { id: string }, count = 1): Promise<SeenEvent[]> {
  const { matrix } = care.network.gp;
  return matrix.waitFor(`${count} messages of Communication/${id}`, () => {
    const found = matrix.events.filter(
      ({ content }) => (content['nl.fhir-bridge.source'] as { id?: string } | undefined)?.id === id,
    );
    return found.length >= count && found;
  });
}

async function shown({ content }: SeenEvent, who = care.network.gp): Promise<Buffer> {
  return (await who.matrix.download(content.url as string)).bytes;
}

async function countOf(type: 'Binary' | 'DocumentReference'): Promise<number> {
  return (await care.network.fhir.search<Binary | DocumentReference>(type, {})).length;
}

describe('a file said in Matrix', () => {
  step('an image from another homeserver is in the record, byte for byte, with its hash', async () => {
    const bytes = file();
    const { recorded } = await offer(bytes);
    expect(recorded.payload).toEqual([
      {
        contentAttachment: {
          contentType: 'image/png',
          title: 'wound.png',
          size: bytes.length,
          hash: sha1(bytes),
          url: expect.stringMatching(/^Binary\/[^/]+$/) as string,
        },
      },
    ]);
    expect(recorded.note).toBeUndefined();
    expect((await bytesOf(recorded.payload?.[0])).equals(bytes)).toBe(true);
    const { url } = recorded.payload![0]!.contentAttachment!;
    expect((await care.network.fhir.readBinary(url!)).contentType).toBe('image/png');
    const binary = (await care.network.fhir.search<Binary>('Binary', {})).find(
      ({ id }) => url === `Binary/${id}`,
    );
    expect(binary?.securityContext).toEqual({ reference: `Patient/${care.network.patient.id}` });
  });

  it.each([
    ['a PDF', 'm.file', 'application/pdf', {}],
    ['a video', 'm.video', 'video/mp4', {}],
    ['a voice message', 'm.audio', 'audio/ogg', { 'org.matrix.msc3245.voice': {} }],
  ])(
    '%s is in the record, byte for byte',
    noted(async (_what, msgtype, type, more) => {
      const bytes = file();
      const { recorded } = await offer(bytes, { type, content: { msgtype, ...more } });
      expect(recorded.payload).toMatchObject([
        { contentAttachment: { contentType: type, hash: sha1(bytes) } },
      ]);
      expect((await bytesOf(recorded.payload?.[0])).equals(bytes)).toBe(true);
    }),
    withinMs,
  );

  step('a caption is in the record beside its file, and so is the edited one', async () => {
    const bytes = file();
    const captioned = (body: string) => ({ msgtype: 'm.image', filename: 'wound.png', body });
    const { recorded, eventId } = await offer(bytes, { content: captioned('Three days old.') });
    expect(recorded.payload).toMatchObject([
      { contentAttachment: { title: 'wound.png', hash: sha1(bytes) } },
      { contentString: 'Three days old.' },
    ]);
    await care.network.gp.matrix.say(care.thread.roomId, '* Four days old.', {
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
      'm.new_content': { ...captioned('Four days old.'), url: 'mxc://x/y' },
    });
    const edited = await until('the edit', async () => {
      const record = await recordOf(care.network, eventId);
      return record.payload?.[1]?.contentString === 'Four days old.' && record;
    });
    expect(edited.payload?.[0]).toEqual(recorded.payload?.[0]);
  });

  step('a large file is a DocumentReference, which is withdrawn when its message is redacted', async () => {
    const bytes = file(documentBytes);
    const { recorded, eventId } = await offer(bytes, {
      type: 'application/pdf',
      content: { msgtype: 'm.file' },
    });
    const [{ contentReference } = {}] = recorded.payload ?? [];
    expect(contentReference).toMatchObject({ display: 'wound.png' });
    const { fhir, patient, gp } = care.network;
    const read = () =>
      fhir.read<DocumentReference>('DocumentReference', contentReference!.reference!.split('/')[1]!);
    const document = await read();
    expect(document).toMatchObject({
      status: 'current',
      identifier: [{ system: 'https://matrix.org/event-id', value: eventId }],
      subject: { reference: `Patient/${patient.id}` },
      author: [{ reference: `Practitioner/${gp.resource.id}` }],
      content: [{ attachment: { contentType: 'application/pdf', size: bytes.length, hash: sha1(bytes) } }],
    });
    expect((await bytesOf({ contentAttachment: document.content[0]!.attachment })).equals(bytes)).toBe(true);
    await gp.matrix.redact(care.thread.roomId, eventId, 'wrong patient');
    await until('the redaction', async () => (await recordOf(care.network, eventId)).payload === undefined);
    expect((await read()).status).toBe('entered-in-error');
  });

  step(
    'a file that is larger than allowed is in the record by its name, and its sender is told',
    async () => {
      const { recorded, eventId } = await offer(file(maxBytes + 1));
      expect(recorded.payload).toEqual([{ contentString: 'wound.png' }]);
      expect(recorded.note?.[0]?.text).toContain('larger than allowed');
      expect(await noticeTo(care.network.gp, eventId)).toContain('larger than the record takes');
      const largest = file(maxBytes);
      const { recorded: next } = await offer(largest);
      expect(next.payload?.[0]?.contentReference?.reference).toMatch(/^DocumentReference\//);
    },
  );

  it.each([
    ['by what its sender says', 'image/png', 'text/html'],
    ['by what its store says', 'text/html', 'image/png'],
    ['because it can hold scripts', 'image/svg+xml', 'image/svg+xml'],
  ])(
    'a file of a type that is refused, %s, is in the record by its name, and its sender is told',
    noted(async (_why, stored, declared) => {
      const before = await countOf('Binary');
      const { recorded, eventId } = await offer(file(), {
        type: stored,
        content: { info: { mimetype: declared } },
      });
      expect(recorded.payload).toEqual([{ contentString: 'wound.png' }]);
      expect(recorded.note?.[0]?.text).toContain('type');
      expect(await noticeTo(care.network.gp, eventId)).toContain('not recorded');
      expect(await countOf('Binary')).toBe(before);
    }),
    withinMs,
  );

  it.each([
    ['is encrypted', { url: undefined, file: { url: 'mxc://x/y', v: 'v2' } }],
    ['is not there any more', { url: 'gone' }],
    ['has no address', { url: 'https://evil.example/x' }],
    ['is at a homeserver outside the federation', { url: 'mxc://elsewhere.example/x' }],
  ])(
    'a file that %s is in the record by its name, and its sender is told',
    noted(async (_what, content) => {
      const { serverName } = care.stack.federation.homeservers.huisarts;
      const more = content.url === 'gone' ? { url: `mxc://${serverName}/NoSuchFileHere` } : content;
      const { recorded, eventId } = await offer(file(), { content: more });
      expect(recorded.payload).toEqual([{ contentString: 'wound.png' }]);
      expect(recorded.note?.[0]?.text).toContain('not available');
      expect(await noticeTo(care.network.gp, eventId)).toContain('could not be read');
    }),
    withinMs,
  );

  step(
    'a file whose homeserver is away holds up nobody, and comes into the record when it is back',
    async () => {
      const { gp, pharmacist } = care.network;
      const bytes = file();
      const url = await pharmacist.matrix.upload(bytes, 'image/png');
      const { process } = care.stack.federation.homeservers.apotheek;
      await process.stop();
      const { eventId, recorded } = await offer(file(), {
        content: { url, filename: 'scan.png', body: 'Look.' },
      });
      expect(recorded.payload).toEqual([{ contentString: 'scan.png' }, { contentString: 'Look.' }]);
      expect(recorded.note?.[0]?.text).toContain('not recorded yet');
      const { eventId: after } = await gp.matrix.say(care.thread.roomId, 'And another thing.');
      await recordOf(care.network, after);
      await process.start();
      const complete = await until(
        'the file',
        async () => {
          const record = await recordOf(care.network, eventId);
          return record.payload?.[0]?.contentAttachment && record;
        },
        90_000,
      );
      expect(complete.payload).toMatchObject([
        { contentAttachment: { title: 'scan.png', hash: sha1(bytes) } },
        { contentString: 'Look.' },
      ]);
      expect(complete).toMatchObject({ id: recorded.id });
      expect(complete.note).toBeUndefined();
    },
    150_000,
  );
});

describe('a file of the record', () => {
  step('that is a Binary is shown on every homeserver, byte for byte', async () => {
    const bytes = file(maxBytes);
    const url = await care.network.fhir.createBinary(bytes, 'image/jpeg');
    const attachment = { contentType: 'image/jpeg', title: 'wound.jpg', url };
    const written = await write([{ contentString: 'Look:' }, { contentAttachment: attachment }]);
    const [text, image] = await seenOf(written, 2);
    expect(text?.content.body).toBe('Look:');
    expect(image?.content).toMatchObject({
      msgtype: 'm.image',
      body: 'wound.jpg',
      info: { mimetype: 'image/jpeg', size: bytes.length },
    });
    expect(image?.sender).toMatch(/^@_fhir_bridge_[0-9a-f]{32}:/);
    for (const who of [care.network.nurse, care.network.gp, care.network.pharmacist])
      expect((await shown(image!, who)).equals(bytes)).toBe(true);
  });

  it.each([
    ['in the resource itself', 10],
    ['in a resource too large for the queue', 600],
  ])(
    'that is %s is shown',
    noted(async (_where, kibibytes) => {
      const bytes = file(kibibytes * KIBIBYTE);
      const attachment = {
        contentType: 'application/pdf',
        title: 'letter.pdf',
        data: bytes.toString('base64'),
      };
      const [event] = await seenOf(await write([{ contentAttachment: attachment }]));
      expect(event?.content).toMatchObject({ msgtype: 'm.file', body: 'letter.pdf' });
      expect((await shown(event!)).equals(bytes)).toBe(true);
    }),
    withinMs,
  );

  step(
    'that is in a DocumentReference is shown, whether the document holds it or names a Binary',
    async () => {
      const { fhir } = care.network;
      const [inline, apart] = [file(), file()];
      const url = await fhir.createBinary(apart, 'audio/ogg');
      const documentOf = (attachment: object) =>
        fhir.create<DocumentReference>({
          resourceType: 'DocumentReference',
          status: 'current',
          content: [{ attachment }],
        });
      const documents = [
        await documentOf({ contentType: 'text/plain', title: 'plan.txt', data: inline.toString('base64') }),
        await documentOf({ contentType: 'audio/ogg', url: `${fhir.baseUrl}/${url}` }),
      ];
      const payload = documents.map(({ id }) => ({
        contentReference: { reference: `DocumentReference/${id}`, display: 'The plan' },
      }));
      const [first, second] = await seenOf(await write(payload), 2);
      expect(first?.content).toMatchObject({ msgtype: 'm.file', body: 'plan.txt' });
      expect((await shown(first!)).equals(inline)).toBe(true);
      expect(second?.content).toMatchObject({ msgtype: 'm.audio', body: 'The plan' });
      expect((await shown(second!)).equals(apart)).toBe(true);
    },
  );

  step('that cannot be shown is told of in one line', async () => {
    const { fhir, patient } = care.network;
    const large = await fhir.createBinary(file(maxBytes + 1), 'image/png');
    const page = await fhir.createBinary(file(), 'text/html');
    const attachments = [
      { contentType: 'image/png', title: 'too large', url: large },
      { contentType: 'image/png', title: 'stored as a page', url: page },
      { contentType: 'text/html', title: 'called a page', url: large },
      { contentType: 'image/png', title: 'gone', url: 'Binary/none' },
      { contentType: 'image/png', title: 'elsewhere', url: 'https://evil.example/Binary/x' },
      { title: 'the patient', url: `Patient/${patient.id}` },
      { title: 'nowhere' },
    ];
    const seen = await seenOf(
      await write(attachments.map((contentAttachment) => ({ contentAttachment }))),
      attachments.length,
    );
    expect(seen.map(({ content: { msgtype, body } }) => [msgtype, body])).toEqual(
      attachments.map(({ title }) => ['m.notice', `“${title}” is in the record and cannot be shown here.`]),
    );
  });
});

describe('a worker that is killed amid files', () => {
  const killed = async (app: 'fhir-mapper' | 'room-manager'): Promise<void> => {
    const { [app]: process } = care.stack.bridge;
    process.kill('SIGKILL');
    await process.exited;
    await process.start();
  };

  step(
    'leaves one Communication of each file from Matrix, with its bytes',
    async () => {
      const { gp, fhir } = care.network;
      const files = Array.from({ length: 8 }, () => file(documentBytes - 1));
      const events: string[] = [];
      for (const bytes of files) {
        const url = await gp.matrix.upload(bytes, 'image/png');
        const content = { msgtype: 'm.image', url, info: { mimetype: 'image/png' } };
        events.push((await gp.matrix.say(care.thread.roomId, 'storm.png', content)).eventId);
      }
      // Some are stored by now, one is on its way, others wait.
      await killed('fhir-mapper');
      for (const [index, eventId] of events.entries()) {
        await recordOf(care.network, eventId);
        const identifier = `https://matrix.org/event-id|${eventId}`;
        const records = await fhir.search<Communication>('Communication', { identifier });
        expect(records).toHaveLength(1);
        expect((await bytesOf(records[0]!.payload?.[0])).equals(files[index]!)).toBe(true);
      }
    },
    120_000,
  );

  step(
    'leaves one event of each file from FHIR, with its bytes',
    async () => {
      const files = Array.from({ length: 8 }, () => file(documentBytes));
      const written = [];
      for (const bytes of files) {
        const url = await care.network.fhir.createBinary(bytes, 'image/png');
        written.push(
          await write([{ contentAttachment: { contentType: 'image/png', title: 'storm.png', url } }]),
        );
      }
      await seenOf(written[0]!);
      await killed('room-manager');
      for (const [index, { id }] of written.entries()) {
        const [event] = await seenOf({ id });
        expect((await shown(event!)).equals(files[index]!)).toBe(true);
      }
      const { matrix } = care.network.gp;
      const sources = (await matrix.history(care.thread.roomId)).map(
        ({ content }) => (content['nl.fhir-bridge.source'] as { id?: string } | undefined)?.id,
      );
      for (const { id } of written) expect(sources.filter((source) => source === id)).toHaveLength(1);
    },
    120_000,
  );

  step('stores nothing again of a file that is in the record already', async () => {
    const { gp } = care.network;
    const { eventId, recorded } = await offer(file(documentBytes));
    const [binaries, documents] = [await countOf('Binary'), await countOf('DocumentReference')];
    const event = (await gp.matrix.history(care.thread.roomId)).find(({ event_id }) => event_id === eventId)!;
    const subject = 'mapping.0.matrix.m.room.message';
    await deliverAgain(care.stack.federation, `Communication/${recorded.id}`, subject, event);
    expect([await countOf('Binary'), await countOf('DocumentReference')]).toEqual([binaries, documents]);
    expect(await recordOf(care.network, eventId)).toEqual(recorded);
  });

  step('uploads no file again that is uploaded already', async () => {
    const { federation } = care.stack;
    const url = await care.network.fhir.createBinary(file(), 'image/png');
    const attachment = { contentType: 'image/png', title: 'once.png', url };
    const written = await write([{ contentAttachment: attachment }]);
    await seenOf(written);
    const source = `Communication/${written.id}`;
    const before = await until('the note of the upload', () => mediaUriOf(federation, source));
    await sendAgain(federation, source, {
      conversation: `CommunicationRequest/${care.thread.request.id}`,
      source,
      version: written.meta?.versionId,
      part: 0,
      author: `RelatedPerson/${care.network.carer.id}`,
      content: {},
      file: attachment,
    });
    expect(await mediaUriOf(federation, source)).toBe(before);
  });
});

describe('after all of this', () => {
  step('nothing was given up: the dead letters are empty', async () => {
    expect(await deadLetterKinds(care.stack.federation.natsUrl)).toEqual([]);
  });
});
