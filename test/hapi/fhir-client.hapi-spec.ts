import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { FhirRef } from '@bridge/contracts';
import {
  Binaries,
  type Deletion,
  Deletions,
  FhirClient,
  FhirConflict,
  FhirRefusal,
  FurtherBases,
} from '@bridge/fhir';
import {
  identifierQuery,
  openTaskStatus,
  readEventQuery,
  readMarkSearch,
  toAuditEvent,
} from '@bridge/mapping';
import { type Config, loadConfig } from '@bridge/platform';
import type { AuditEvent, Bundle, Communication, Patient, Task } from '@medplum/fhirtypes';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { type HapiFixture, notificationSecret, startHapi } from './hapi-fixture';
import { describeNotifications } from './notifications';

/*
 * The client of the bridge, and the notifications, on HAPI FHIR as it is by default: numeric ids, 409 for every
 * conflict, results of searches kept for a minute, references that must lead somewhere.
 */

jest.setTimeout(150_000);

let hapi: HapiFixture;
let api: FhirApi;
let fhir: Config['fhir'];
let client: FhirClient;
let patient: Patient & { id: string };

beforeAll(async () => {
  hapi = await startHapi();
  api = new FhirApi(hapi.server.baseUrl);
  fhir = loadConfig(['fhir'], { FHIR_BASE_URL: hapi.server.baseUrl }).fhir;
  client = new FhirClient(fhir);
  patient = await api.create<Patient>({ resourceType: 'Patient' });
}, 240_000);

afterAll(async () => {
  await client?.onApplicationShutdown();
  await hapi?.stop();
}, 30_000);

const eventId = () => `$${randomBytes(8).toString('hex')}` as Parameters<typeof identifierQuery>[0];
const communicationOf = (event: string): Communication => ({
  resourceType: 'Communication',
  status: 'completed',
  identifier: [{ system: 'https://matrix.org/event-id', value: event }],
  subject: { reference: `Patient/${patient.id}` },
  payload: [{ contentString: 'hello' }],
});
const refOf = ({ resourceType, id }: { resourceType: string; id?: string }) =>
  FhirRef.parse(`${resourceType}/${id}`);

describe('a conditional create', () => {
  it('makes one resource, and names it and its version the second time as well', async () => {
    const event = eventId();
    const first = await client.createOnce(communicationOf(event), identifierQuery(event));
    const second = await client.createOnce(communicationOf(event), identifierQuery(event));
    expect(first).toEqual({ ref: expect.stringMatching(/^Communication\/\d+$/) as string, versionId: '1' });
    expect(second).toEqual(first);
  });

  it('that several make at the same time makes one resource; who comes second is told to try again', async () => {
    const event = eventId();
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, () => client.createOnce(communicationOf(event), identifierQuery(event))),
    );
    const made = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value.ref] : []));
    const refused = attempts.flatMap((attempt) =>
      attempt.status === 'rejected' ? [attempt.reason as Error] : [],
    );
    expect(new Set(made).size).toBe(1);
    for (const failure of refused) expect(failure).toBeInstanceOf(FhirConflict);
    const again = await client.createOnce(communicationOf(event), identifierQuery(event));
    expect(again.ref).toBe(made[0]);
    expect(
      await api.search('Communication', { identifier: `https://matrix.org/event-id|${event}` }),
    ).toHaveLength(1);
  });

  it('of an AuditEvent finds the one of the same reader and message', async () => {
    const practitioner = await api.create({ resourceType: 'Practitioner' });
    const message = await api.create(communicationOf(eventId()));
    const reading = {
      reader: refOf(practitioner),
      what: refOf(message),
      readAt: new Date(),
      serverName: 'care.example',
    };
    const first = await client.createOnce(toAuditEvent(reading), readEventQuery(reading));
    const second = await client.createOnce(toAuditEvent(reading), readEventQuery(reading));
    expect(second).toEqual(first);
    const [[found] = []] = await allPages<AuditEvent>('AuditEvent', {
      ...readMarkSearch.AuditEvent,
      _sort: '_lastUpdated',
    });
    expect(refOf(found!)).toBe(first.ref);
  });
});

describe('an update', () => {
  it('of a version that is not the present one is a conflict (409)', async () => {
    const read = await api.create(communicationOf(eventId()));
    await client.update({ ...read, note: [{ text: 'first' }] });
    await expect(client.update({ ...read, note: [{ text: 'second' }] })).rejects.toThrow(FhirConflict);
  });

  it('by two at a time loses nothing of either', async () => {
    const ref = refOf(await api.create(communicationOf(eventId())));
    const addOne = async (text: string): Promise<void> => {
      try {
        await client.change<Communication>(ref, (current) => ({
          ...current,
          note: [...(current.note ?? []), { text }],
        }));
      } catch (error) {
        if (!(error instanceof FhirConflict)) throw error;
        await addOne(text); // as the queue does, after the few times that the client tries
      }
    };
    const add = async (text: string): Promise<void> => {
      for (let times = 0; times < 5; times++) await addOne(text);
    };
    await Promise.all([add('one'), add('two')]);
    const notes = (await client.read<Communication>(ref))?.note?.map(({ text }) => text) ?? [];
    expect(notes.sort()).toEqual([...Array<string>(5).fill('one'), ...Array<string>(5).fill('two')]);
  });
});

describe('a read', () => {
  it('of what was deleted (410), and of what never was (404), finds nothing', async () => {
    const task = await api.create<Task>({ resourceType: 'Task', status: 'requested', intent: 'order' });
    await fetch(`${hapi.server.baseUrl}/Task/${task.id}`, { method: 'DELETE' });
    expect(await client.read(refOf(task))).toBeUndefined();
    expect(await client.read(FhirRef.parse('Task/987654'))).toBeUndefined();
  });
});

describe('the history', () => {
  it('tells what was deleted and what it had said, and not when', async () => {
    const before = new Date(Date.now() - 1_000);
    const { id, meta } = await api.create(communicationOf(eventId()));
    const ref = FhirRef.parse(`Communication/${id}`);
    await fetch(`${hapi.server.baseUrl}/${ref}`, { method: 'DELETE' });
    const deletions = new Deletions(client);
    const found: Deletion[] = [];
    for await (const page of deletions.since('Communication', before)) found.push(...page.deletions);
    expect(found.filter((each) => each.ref === ref)).toEqual([{ ref, versionId: '2', deletedAt: undefined }]);
    expect(await deletions.of(ref)).toEqual({
      ...{ ref, versionId: '2', deletedAt: new Date(Date.parse(meta!.lastUpdated!) + 1) },
      last: expect.objectContaining({ payload: [{ contentString: 'hello' }] }) as Communication,
    });
  });
});

describe('a reference that leads nowhere', () => {
  it('is refused for good', async () => {
    const event = eventId();
    const dangling = { ...communicationOf(event), subject: { reference: 'Patient/987654' } } as Communication;
    await expect(client.createOnce(dangling, identifierQuery(event))).rejects.toThrow(FhirRefusal);
  });
});

async function allPages<T extends Task | AuditEvent | Communication>(
  type: T['resourceType'],
  parameters: Record<string, string>,
): Promise<T[][]> {
  const pages: T[][] = [];
  for await (const page of client.search<T>(type, parameters)) pages.push(page);
  return pages;
}

describe('a search', () => {
  it('shows what was stored just now, though HAPI answers others from what it found before', async () => {
    const category = randomBytes(4).toString('hex');
    const coded = {
      ...communicationOf(eventId()),
      category: [{ coding: [{ system: 'urn:c', code: category }] }],
    };
    const plain = async () => {
      const answer = await fetch(`${hapi.server.baseUrl}/Communication?category=urn:c|${category}`);
      return ((await answer.json()) as Bundle).entry ?? [];
    };
    const ours = () => allPages<Communication>('Communication', { category: `urn:c|${category}` });
    expect(await plain()).toEqual([]);
    await api.create(coded);
    expect(await plain()).toEqual([]);
    expect((await ours()).flat()).toHaveLength(1);
  });

  it('gives all pages, in the order in which they were stored, each resource once', async () => {
    const since = new Date().toISOString();
    const made: string[] = [];
    for (let number = 0; number < 7; number++) {
      made.push((await api.create<Task>({ resourceType: 'Task', status: 'requested', intent: 'order' })).id);
    }
    const parameters = { _sort: '_lastUpdated', _count: '3', _lastUpdated: `ge${since}` };
    const pages = await allPages<Task>('Task', parameters);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat().map(({ id }) => id)).toEqual(made);
  });

  it('from an instant on finds what was stored in that very millisecond', async () => {
    const stored = await api.create<Task>({ resourceType: 'Task', status: 'requested', intent: 'order' });
    const { id, meta } = await api.read<Task>('Task', stored.id);
    const since = new Date(meta!.lastUpdated!).toISOString();
    const found = await allPages<Task>('Task', { _lastUpdated: `ge${since}`, _sort: '_lastUpdated' });
    expect(found.flat().map((task) => task.id)).toContain(id);
  });

  it('for the open Tasks of a conversation finds those and no others', async () => {
    const request = await api.create({ resourceType: 'CommunicationRequest', status: 'active' });
    const basedOn = [{ reference: `CommunicationRequest/${request.id}` }];
    const task: Task = { resourceType: 'Task', status: 'in-progress', intent: 'order', basedOn };
    const open = await api.create(task);
    await api.create({ ...task, status: 'completed' });
    const query = { 'based-on': refOf(request), status: openTaskStatus.join(',') };
    expect((await allPages<Task>('Task', query)).flat().map(({ id }) => id)).toEqual([open.id]);
  });
});

describe('a file', () => {
  it.each(['image/png', 'text/plain', 'application/json'])(
    'of type %s is stored as its bytes and read as the same, with the patient whose rules hold for it',
    async (contentType) => {
      const binaries = new Binaries(client, new FurtherBases(fhir));
      const bytes = contentType === 'image/png' ? randomBytes(200_000) : Buffer.from('{"just":"text"}');
      const securityContext = refOf(patient);
      const ref = await binaries.create(Readable.from([bytes]), {
        contentType,
        length: bytes.length,
        securityContext,
      });
      const file = await binaries.open(ref, 1_000_000);
      if (file === 'unavailable' || file === 'too-large') throw new Error(file);
      expect(file.contentType).toContain(contentType);
      expect(await buffer(file.body)).toEqual(bytes);
      expect(await api.read('Binary', ref.slice('Binary/'.length))).toMatchObject({
        securityContext: { reference: securityContext },
      });
    },
  );
});

describeNotifications(() => ({ hapi, api, secret: notificationSecret }));
