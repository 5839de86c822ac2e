import { AuditTrail } from '@bridge/audit';
import { FhirRef, MatrixEvent, TransientError } from '@bridge/contracts';
import type { Binaries, FhirClient } from '@bridge/fhir';
import type { FileRefusal } from '@bridge/mapping';
import { PartnerAway } from '@bridge/matrix';
import type { AuditOutboxStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { QueuePublisher } from '@bridge/queue';
import type { Communication, CommunicationPayload, DocumentReference } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { FileRecorder } from './file-recorder';
import type { FileStore } from './file-store';

const event = MatrixEvent.parse({
  event_id: '$e',
  room_id: '!r',
  sender: '@gp:gp.example',
  type: 'm.room.message',
  origin_server_ts: 1,
  content: { msgtype: 'm.image', body: 'wound.jpg', url: 'mxc://gp.example/abc' },
});
const stored: CommunicationPayload = { contentAttachment: { url: 'Binary/b' } };
const plain: Communication = { resourceType: 'Communication', status: 'completed' };
const waiting: Communication = { ...plain, id: 'c', payload: [{ contentString: 'wound.jpg' }] };
const away = new PartnerAway('homeserver-busy', 'gp.example is away', { advice: '' });
const busy = new TransientError('fhir-busy', 'busy', { advice: '' });
const day = 86_400_000;

/** A record that holds these resources, and a file store that answers so. */
function worldWith({
  record,
  document,
  outcome = stored,
}: {
  record?: Communication;
  document?: DocumentReference;
  outcome?: CommunicationPayload | FileRefusal | Error;
}) {
  const published: { kind: string; message: object }[] = [];
  const updated: object[] = [];
  let stores = 0;
  const fhir = {
    async *search() {
      yield record ? [record] : [];
    },
    read: async () => record,
    change: async (ref: string, change: (resource: object) => object | undefined) => {
      const current = ref.startsWith('Document') ? document : record;
      const changed = current && change(current);
      if (changed) updated.push(changed);
    },
  };
  const store = {
    store: async () => {
      stores += 1;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
  const publisher = {
    publish: async (kind: string, _key: string, message: object) => void published.push({ kind, message }),
  };
  const config = { enabled: false, serverName: 'care.example' };
  const trail = new AuditTrail({} as AuditOutboxStore, config, new Metrics());
  const recorder = new FileRecorder(
    fhir as unknown as FhirClient,
    new AuditedRecord(fhir as unknown as FhirClient, {} as Binaries, trail),
    store as unknown as FileStore,
    publisher as unknown as QueuePublisher,
    new Metrics(),
  );
  return { recorder, published, updated, stores: () => stores };
}

const notice = (code: string) => ({
  kind: 'command.send-notice',
  message: { roomId: '!r', inReplyTo: '$e', to: '@gp:gp.example', notice: code },
});

describe('a message with a file', () => {
  it('is recorded with it', async () => {
    const { recorder, published } = worldWith({});
    const attached = await recorder.attach(event, plain);
    expect(attached).toMatchObject({ outcome: 'file-stored', communication: { payload: [stored] } });
    await recorder.followUp(event, attached!.outcome);
    expect(published).toEqual([]);
  });

  it('whose record holds it already, from a try that was cut off, stores nothing again', async () => {
    const record = { ...waiting, payload: [stored] };
    const { recorder, stores } = worldWith({ record });
    expect((await recorder.attach(event, plain))?.communication).toEqual(record);
    expect(stores()).toBe(0);
  });

  it('that is refused is recorded by its name, and its sender told', async () => {
    const { recorder, published } = worldWith({ outcome: 'file-too-large' });
    const attached = await recorder.attach(event, plain);
    expect(attached?.communication.payload).toEqual([{ contentString: 'wound.jpg' }]);
    await recorder.followUp(event, attached!.outcome);
    expect(published).toEqual([notice('file-too-large')]);
  });

  it('at a homeserver that is away is recorded by its name, and fetched later', async () => {
    const { recorder, published } = worldWith({ outcome: away });
    const attached = await recorder.attach(event, plain);
    expect(attached?.communication.payload).toEqual([{ contentString: 'wound.jpg' }]);
    await recorder.followUp(event, attached!.outcome);
    expect(published).toEqual([{ kind: 'file.fetch', message: { event } }]);
  });

  it('waits while a server of ours is away', async () => {
    await expect(worldWith({ outcome: busy }).recorder.attach(event, plain)).rejects.toBe(busy);
  });

  it('is none without a file', async () => {
    const { recorder, stores } = worldWith({});
    const text = { ...event, content: { msgtype: 'm.text', body: 'x' } };
    expect(await recorder.attach(text, plain)).toBeUndefined();
    expect(stores()).toBe(0);
  });
});

describe('a file that comes late', () => {
  it('is put into its record', async () => {
    const { recorder, updated, published } = worldWith({ record: waiting });
    await recorder.fetchLate(event, new Date());
    expect(updated).toEqual([{ ...waiting, payload: [stored] }]);
    expect(published).toEqual([]);
  });

  it('is asked for again while its homeserver is away, and given up after three days', async () => {
    const { recorder, updated, published } = worldWith({ record: waiting, outcome: away });
    await expect(recorder.fetchLate(event, new Date(Date.now() - 2.9 * day))).rejects.toBe(away);
    expect(updated).toEqual([]);
    await recorder.fetchLate(event, new Date(Date.now() - 3.1 * day));
    expect(updated).toMatchObject([{ payload: waiting.payload, note: [{}] }]);
    expect(published).toEqual([notice('file-unavailable')]);
  });

  it('is not given up while it is our own server that is away', async () => {
    const { recorder } = worldWith({ record: waiting, outcome: busy });
    await expect(recorder.fetchLate(event, new Date(0))).rejects.toBe(busy);
  });

  it.each([
    ['was taken back', { ...waiting, status: 'entered-in-error' as const, payload: undefined }],
    ['has it already', { ...waiting, payload: [stored] }],
    ['is gone', undefined],
  ])('is not wanted any more by a record that %s', async (_what, record) => {
    const { recorder, stores, updated } = worldWith({ record });
    await recorder.fetchLate(event, new Date());
    expect([stores(), updated]).toEqual([0, []]);
  });
});

describe('a message that is taken back', () => {
  const ref = FhirRef.parse('Communication/c');
  const record = { ...waiting, payload: [{ contentReference: { reference: 'DocumentReference/d' } }] };
  const document: DocumentReference = {
    resourceType: 'DocumentReference',
    status: 'current',
    content: [] as never,
  };

  it('withdraws its document', async () => {
    const { recorder, updated } = worldWith({ record, document });
    await recorder.withdraw(ref, { by: event.sender, occasion: event.event_id });
    expect(updated).toEqual([{ ...document, status: 'entered-in-error' }]);
  });

  it.each([
    ['has none', waiting, document],
    ['has one that is withdrawn', record, { ...document, status: 'entered-in-error' as const }],
    ['has one that is gone', record, undefined],
  ])('changes nothing when it %s', async (_what, taken, found) => {
    const { recorder, updated } = worldWith({ record: taken, document: found });
    await recorder.withdraw(ref, { by: event.sender, occasion: event.event_id });
    expect(updated).toEqual([]);
  });
});
