import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FhirRef, type FileSource, type MessageOf, UserId } from '@bridge/contracts';
import type { Binaries, FhirClient } from '@bridge/fhir';
import { MatrixRefusal, type Media } from '@bridge/matrix';
import type { MessageLinkStore } from '@bridge/persistence';
import { Metrics, metered } from '@bridge/platform';
import type { Communication } from '@medplum/fhirtypes';
import { FileUploader } from './file-uploader';
import type { ManagerConfig } from './manager-config';

const ghost = UserId.parse('@_fhir_bridge_0f:care.example');
const bytes = Buffer.from('0123456789');
const scan: FileSource = { url: 'Binary/b', contentType: 'image/png', title: 'scan' };
const notice = { msgtype: 'm.notice', body: '“scan” is in the record and cannot be shown here.' };

function messageWith(file: FileSource | undefined): MessageOf<'command.send-message'> {
  const conversation = FhirRef.parse('CommunicationRequest/c');
  const source = FhirRef.parse('Communication/m');
  const author = FhirRef.parse('Practitioner/p');
  return { conversation, source, version: '1', part: 0, author, content: { mark: 1 }, file };
}

/** A FHIR server with one file, and a media repository that keeps what it is given. */
class World {
  readonly kept: { bytes: Buffer; contentType: string; length: number; as: string }[] = [];
  readonly opened: string[] = [];
  noted: string | undefined;
  announces: number | undefined = bytes.length;
  largest = 100;
  refusal: Error | undefined;
  payload: Communication['payload'];
  readonly uploader: FileUploader;

  constructor() {
    const binaries = {
      open: async (url: string, limit: number) => {
        this.opened.push(url);
        if ((this.announces ?? 0) > limit) return 'too-large';
        const body = metered(Readable.from([bytes]), limit, (cause) => cause as Error);
        return { body, contentType: 'image/png', length: this.announces };
      },
    };
    const media = {
      largestUpload: async () => this.largest,
      upload: async (
        body: Readable,
        { contentType, length, as }: { contentType: string; length: number; as: string },
      ) => {
        this.kept.push({ bytes: await buffer(body), contentType, length, as });
        if (this.refusal) throw this.refusal;
        return `mxc://care.example/${this.kept.length}`;
      },
      download: async (mxc: string) => {
        const file = this.kept[Number(mxc.split('/').at(-1)) - 1];
        if (!file) return 'unavailable';
        const body = metered(Readable.from([file.bytes]), 1000, (cause) => cause as Error);
        return { body, contentType: file.contentType, length: file.length };
      },
    };
    const links = {
      mediaOf: async () => this.noted,
      uploaded: async (_row: object, mediaUri: string) => void (this.noted = mediaUri),
    };
    const fhir = {
      refAt: (url: string) => FhirRef.safeParse(url).data,
      read: async () => ({ resourceType: 'Communication', payload: this.payload }),
    };
    const config = { language: 'en', media: { maxBytes: 50, documentBytes: 0, types: ['image/*'] } };
    this.uploader = new FileUploader(
      fhir as unknown as FhirClient,
      binaries as unknown as Binaries,
      media as unknown as Media,
      links as unknown as MessageLinkStore,
      config as unknown as ManagerConfig,
      new Metrics(),
    );
  }

  contentOf(file: FileSource | undefined) {
    return this.uploader.contentOf(messageWith(file), ghost);
  }
}

it('leaves a message without file as it is', async () => {
  expect(await new World().contentOf(undefined)).toEqual({ mark: 1 });
});

it('uploads as the author, and keeps what the message has besides', async () => {
  const world = new World();
  expect(await world.contentOf(scan)).toEqual({
    mark: 1,
    msgtype: 'm.image',
    body: 'scan',
    filename: 'scan',
    url: 'mxc://care.example/1',
    info: { mimetype: 'image/png', size: 10 },
  });
  expect(world.kept).toEqual([{ bytes, contentType: 'image/png', length: 10, as: ghost }]);
});

it('says the same file again without uploading it again', async () => {
  const world = new World();
  const first = await world.contentOf(scan);
  expect(await world.contentOf(scan)).toEqual(first);
  expect(world.kept).toHaveLength(1);
});

it('uploads again what is another file by now, or was lost in between', async () => {
  const world = new World();
  await world.contentOf(scan);
  expect(await world.contentOf({ ...scan, url: 'Binary/other' })).toMatchObject({
    url: 'mxc://care.example/2',
  });
  world.noted = world.noted?.replace('/2#', '/99#');
  expect(await world.contentOf({ ...scan, url: 'Binary/other' })).toMatchObject({
    url: 'mxc://care.example/3',
  });
});

it('reads a file twice whose length nobody announces, since the homeserver wants it first', async () => {
  const world = new World();
  world.announces = undefined;
  expect(await world.contentOf(scan)).toMatchObject({ info: { size: 10 } });
  expect(world.opened).toEqual(['Binary/b', 'Binary/b']);
  expect(world.kept).toEqual([{ bytes, contentType: 'image/png', length: 10, as: ghost }]);
});

describe('shows nothing, and says so,', () => {
  it.each([
    ['of a file larger than the homeserver takes', 9, 10],
    ['of one that nobody announced as such', 9, undefined],
  ])('%s', async (_what, largest, announces) => {
    const world = new World();
    Object.assign(world, { largest, announces });
    expect(await world.contentOf(scan)).toEqual({ mark: 1, ...notice });
    expect(world.kept).toEqual([]);
  });

  it('of a file that the homeserver finds too large', async () => {
    const world = new World();
    world.refusal = new MatrixRefusal('M_TOO_LARGE', 413, 'upload a file');
    expect(await world.contentOf(scan)).toEqual({ mark: 1, ...notice });
    expect(world.noted).toBeUndefined();
  });

  it.each([
    ['of a type that is not allowed', { ...scan, contentType: 'text/html' }],
    ['that is nowhere', { title: 'scan' }],
  ])('of a file %s, without reading it', async (_what, file) => {
    const world = new World();
    expect(await world.contentOf(file)).toEqual({ mark: 1, ...notice });
    expect(world.opened).toEqual([]);
  });
});

it('another refusal of the homeserver is for the dead letters', async () => {
  const world = new World();
  world.refusal = new MatrixRefusal('M_FORBIDDEN', 403, 'upload a file');
  await expect(world.contentOf(scan)).rejects.toBe(world.refusal);
});

it('a text that is too long for an event is read from its resource, and is a file whatever types are allowed', async () => {
  const world = new World();
  world.payload = [{ contentString: 'naïve' }];
  expect(await world.contentOf({ url: 'Communication/m', title: 'message.txt' })).toEqual({
    mark: 1,
    msgtype: 'm.file',
    body: 'message.txt',
    filename: 'message.txt',
    url: 'mxc://care.example/1',
    info: { mimetype: 'text/plain', size: 6 },
  });
  expect(world.kept[0]?.contentType).toBe('text/plain; charset=utf-8');
});
