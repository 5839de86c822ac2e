import { FhirRef } from '@bridge/contracts';
import type { FhirClient, WrittenVersion } from '@bridge/fhir';
import type { CursorStore } from '@bridge/persistence';
import type { QueuePublisher } from '@bridge/queue';
import { FhirRefusal } from '@bridge/fhir';
import { continueTrace, currentTakenAt } from '@bridge/platform';
import type { AuditEvent, CareTeam, Communication, CommunicationRequest, Task } from '@medplum/fhirtypes';
import type { MapperConfig } from './mapper-config';
import { PullReader } from './pull-reader';

type Bridged = CareTeam | CommunicationRequest | Communication | Task | AuditEvent;
interface Published {
  readonly kind: string;
  readonly key: string;
  readonly message: { readonly ref: string; readonly resource?: object };
  readonly id: string;
  /** What it counts from. */
  readonly takenAt: number | undefined;
}

const people = ['PractitionerRole', 'Endpoint', 'Practitioner', 'RelatedPerson', 'Patient'];

const at = (second: number) => new Date(Date.UTC(2026, 2, 10, 12, 0, second));

function resource<T extends Bridged>(
  type: T['resourceType'],
  id: string,
  second: number,
  more: Partial<T> = {},
): T {
  const meta = { versionId: '1', lastUpdated: at(second).toISOString() };
  return { resourceType: type, id, meta, ...more } as unknown as T;
}

/** What happened, in its order, around a FHIR server that holds these pages of each type. */
class World {
  readonly journal: string[] = [];
  readonly published: Published[] = [];
  readonly searched: Record<string, Record<string, string>> = {};
  readonly cursors = new Map<string, Date>();
  pages: Partial<Record<Bridged['resourceType'], Bridged[][]>> = {};
  refuses: string | undefined;
  readonly unknownTypes = new Set<string>();

  readonly reader: PullReader;
  /** As the client of the FHIR server tells of what it has written. */
  hasWritten!: (version: WrittenVersion) => void;

  constructor(config: Partial<MapperConfig> = {}) {
    const pagesOf = (type: Bridged['resourceType']) => this.pages[type] ?? [[]];
    const { journal, searched, cursors, unknownTypes } = this;
    const fhir = {
      tellWhatIsWritten: (tell: (version: WrittenVersion) => void) => (this.hasWritten = tell),
      async *search(type: Bridged['resourceType'], parameters: Record<string, string>) {
        journal.push(`search ${type}`);
        searched[type] = parameters;
        if (unknownTypes.has(type)) throw new FhirRefusal(404, 'search', '');
        // As from a server: the first page takes a while.
        await new Promise(setImmediate);
        for (const page of pagesOf(type)) {
          if (page.length > 0) journal.push(`page of ${type}`);
          yield page;
        }
      },
    };
    const store = {
      read: async () => new Map(cursors),
      advance: async (_source: string, type: string, lastUpdated: Date) => {
        journal.push(`cursor ${type} ${lastUpdated.getUTCSeconds()}`);
        cursors.set(type, lastUpdated);
      },
    };
    const publisher = {
      publish: async (kind: string, key: string, message: Published['message'], { id }: { id: string }) => {
        if (id === this.refuses) throw new Error('the queue is full');
        journal.push(`publish ${id}`);
        this.published.push({ kind, key, message, id, takenAt: currentTakenAt() });
      },
    };
    this.reader = new PullReader(
      fhir as unknown as FhirClient,
      store as unknown as CursorStore,
      publisher as unknown as QueuePublisher,
      { pullOverlapMs: 10_000, marks: () => false, clinicalTypes: [], ...config } as unknown as MapperConfig,
    );
    this.reader.onModuleInit();
  }
}

it('care teams come before conversations, conversations before messages', async () => {
  const world = new World();
  world.pages = {
    Communication: [[resource<Communication>('Communication', 'm', 1)]],
    CommunicationRequest: [[resource<CommunicationRequest>('CommunicationRequest', 'c', 2)]],
    CareTeam: [[resource<CareTeam>('CareTeam', 't', 3)]],
  };
  expect(await world.reader.pull('ehr')).toBe(3);
  expect(world.published.map(({ message }) => message.ref)).toEqual([
    'CareTeam/t',
    'CommunicationRequest/c',
    'Communication/m',
  ]);
});

it('a pull that names types reads those of them that are followed, and moves no other cursor', async () => {
  const world = new World();
  world.pages = { Communication: [[resource<Communication>('Communication', 'm', 1)]] };
  expect(await world.reader.pull('ehr', ['Communication', 'Observation'])).toBe(1);
  expect(Object.keys(world.searched)).toEqual(['Communication']);
  expect([...world.cursors.keys()]).toEqual(['Communication']);
});

it('the cursor moves page by page, and only once all of a page is queued', async () => {
  const world = new World();
  const [a, b, c] = [1, 2, 3].map((second) => resource<CareTeam>('CareTeam', `t${second}`, second));
  world.pages = { CareTeam: [[a!, b!], [c!]] };
  for (const type of people) world.cursors.set(type, at(0));
  await world.reader.pull('ehr');
  expect(world.journal).toEqual([
    'search CareTeam',
    'search CommunicationRequest',
    'search Communication',
    ...people.map((type) => `search ${type}`),
    'page of CareTeam',
    'publish CareTeam/t1/_history/1',
    'publish CareTeam/t2/_history/1',
    'cursor CareTeam 2',
    'page of CareTeam',
    'publish CareTeam/t3/_history/1',
    'cursor CareTeam 3',
  ]);
});

it('a pull that is cut off goes on with what was not queued', async () => {
  const world = new World();
  const [a, b, c] = [1, 2, 3].map((second) => resource<CareTeam>('CareTeam', `t${second}`, second));
  world.pages = { CareTeam: [[a!], [b!, c!]] };
  world.refuses = 'CareTeam/t3/_history/1';
  await expect(world.reader.pull('ehr')).rejects.toThrow('full');
  expect(world.cursors.get('CareTeam')).toEqual(at(1));
  world.refuses = undefined;
  expect(await world.reader.pull('ehr')).toBe(1);
  expect(world.cursors.get('CareTeam')).toEqual(at(3));
});

it('a pull reaches back before the cursor, in the order of the changes', async () => {
  const world = new World();
  world.cursors.set('CareTeam', at(30));
  await world.reader.pull('ehr');
  expect(world.searched.CareTeam).toMatchObject({
    _sort: '_lastUpdated',
    _lastUpdated: `ge${at(20).toISOString()}`,
  });
});

it('the first pull reads everything, or from the instant that is configured', async () => {
  const everything = new World();
  await everything.reader.pull('ehr');
  expect(everything.searched.CareTeam).not.toHaveProperty('_lastUpdated');
  const since = new World({ syncFrom: '2026-01-01T00:00:00Z' });
  since.cursors.set('Communication', at(30));
  await since.reader.pull('ehr');
  expect(since.searched.CareTeam?._lastUpdated).toBe('ge2026-01-01T00:00:00Z');
  expect(since.searched.Communication?._lastUpdated).toBe(`ge${at(20).toISOString()}`);
});

it('people are followed from now on: those who matter are read with their care team', async () => {
  const world = new World();
  await world.reader.pull('ehr');
  for (const type of people) {
    expect(world.searched[type]).toHaveProperty('_lastUpdated');
    expect(world.cursors.get(type)?.getTime()).toBeCloseTo(Date.now(), -4);
  }
});

it('what the overlap shows again is queued once; a new version is queued', async () => {
  const world = new World();
  const first = resource<CareTeam>('CareTeam', 't', 1);
  world.pages = { CareTeam: [[first]] };
  expect(await world.reader.pull('ehr')).toBe(1);
  expect(await world.reader.pull('ehr')).toBe(0);
  world.pages = { CareTeam: [[{ ...first, meta: { ...first.meta, versionId: '2' } }]] };
  expect(await world.reader.pull('ehr')).toBe(1);
});

it('the cursor does not go back where the server shows older changes only', async () => {
  const world = new World();
  world.cursors.set('CareTeam', at(30));
  world.pages = { CareTeam: [[resource<CareTeam>('CareTeam', 't', 25)]] };
  await world.reader.pull('ehr');
  expect(world.published).toHaveLength(1);
  expect(world.cursors.get('CareTeam')).toEqual(at(30));
});

it('a resource goes along with its change up to 512 KiB; a larger one is only named', async () => {
  const world = new World();
  const sized = (id: string, bytes: number) => {
    const empty = resource<CareTeam>('CareTeam', id, 1, { name: '' });
    return { ...empty, name: 'é'.repeat(Math.floor((bytes - Buffer.byteLength(JSON.stringify(empty))) / 2)) };
  };
  world.pages = { CareTeam: [[sized('fits', 512 * 1024), sized('large', 512 * 1024 + 3)]] };
  await world.reader.pull('ehr');
  const [fits, large] = world.published;
  expect(fits?.message.resource).toMatchObject({ id: 'fits' });
  expect(large?.message).toEqual({
    ref: 'CareTeam/large',
    versionId: '1',
    lastUpdated: at(1).toISOString(),
    resource: undefined,
  });
});

it('messages are in order with their conversation: request, else care team, else patient', async () => {
  const world = new World();
  const subject = { reference: 'Patient/p' };
  const recipient = [{ reference: 'CareTeam/t' }];
  const partOf = [{ reference: 'CommunicationRequest/c' }];
  const message = (id: string, more: Partial<Communication>) =>
    resource<Communication>('Communication', id, 1, more);
  world.pages = {
    CommunicationRequest: [[resource<CommunicationRequest>('CommunicationRequest', 'c', 1, { subject })]],
    Communication: [
      [
        message('1', { partOf, recipient, subject }),
        message('2', { recipient, subject }),
        message('3', { subject }),
        message('4', {}),
      ],
    ],
  };
  await world.reader.pull('ehr');
  expect(world.published.map(({ key }) => key)).toEqual([
    'CommunicationRequest/c',
    'CommunicationRequest/c',
    'CareTeam/t',
    'Patient/p',
    'Communication/4',
  ]);
});

describe('what is read', () => {
  const marks = () => true;
  const task = (id: string, second: number, more: Partial<Task> = {}) =>
    resource<Task>('Task', id, second, {
      status: 'completed',
      basedOn: [{ reference: 'CommunicationRequest/c' }],
      owner: { reference: 'Practitioner/p' },
      focus: { reference: 'Communication/m' },
      ...more,
    });

  it('is not asked for where nobody wants to know', async () => {
    const world = new World();
    await world.reader.pull('ehr');
    expect(world.searched).not.toHaveProperty('Task');
    expect(world.searched).not.toHaveProperty('AuditEvent');
  });

  it('is asked for by what every server can search for, from the first pull on', async () => {
    const world = new World({ marks });
    await world.reader.pull('ehr');
    expect(world.searched.Task).toMatchObject({ status: 'completed' });
    expect(world.searched.AuditEvent).toMatchObject({ action: 'R' });
    expect(world.searched.AuditEvent).toHaveProperty('_lastUpdated');
    expect(world.cursors.get('Task')?.getTime()).toBeCloseTo(Date.now(), -4);
  });

  it('comes after the message, in the order of its conversation; what is no read mark is left out', async () => {
    const world = new World({ marks });
    world.cursors.set('Task', at(0));
    world.pages = {
      Task: [[task('t1', 2), task('t2', 3, { focus: { reference: 'Observation/o' } })]],
      Communication: [[resource<Communication>('Communication', 'm', 5)]],
    };
    expect(await world.reader.pull('ehr')).toBe(2);
    expect(world.published.map(({ key, message }) => [message.ref, key])).toEqual([
      ['Communication/m', 'Communication/m'],
      ['Task/t1', 'CommunicationRequest/c'],
    ]);
    expect(world.cursors.get('Task')).toEqual(at(3));
  });

  it('keeps nothing else from being followed where the server knows no such type', async () => {
    const world = new World({ marks });
    world.unknownTypes.add('Task').add('CommunicationRequest');
    world.pages = { Communication: [[resource<Communication>('Communication', 'm', 5)]] };
    expect(await world.reader.pull('ehr')).toBe(1);
    expect(await world.reader.pull('ehr')).toBe(0);
  });
});

describe('the time that a change counts from', () => {
  const pullOf = async (world: World, takenAt?: number) => {
    world.pages = { CareTeam: [[resource<CareTeam>('CareTeam', 't', 3)]] };
    await continueTrace(
      { takenAt },
      () => ({ name: 'test', kind: 'consumer' }),
      () => world.reader.pull('ehr'),
    );
    return world.published[0]?.takenAt;
  };

  it('is that of the notification', async () => {
    const world = new World();
    world.cursors.set('CareTeam', at(0));
    expect(await pullOf(world, 7)).toBe(7);
  });

  it('is when it was stored where no notification asked for the pull, but not at the first pull', async () => {
    const world = new World();
    world.cursors.set('CareTeam', at(0));
    expect(await pullOf(world)).toBe(at(3).getTime());
    expect(await pullOf(new World())).toBeUndefined();
  });
});

describe('what the bridge itself has written', () => {
  const message = (versionId: string, status: Communication['status'] = 'completed') =>
    resource<Communication>('Communication', 'm', Number(versionId), {
      status,
      meta: { versionId, lastUpdated: at(Number(versionId)).toISOString() },
    });
  const ref = FhirRef.parse('Communication/m');

  async function pulled(world: World, version: Communication): Promise<number> {
    world.pages = { Communication: [[version]] };
    return world.reader.pull('ehr');
  }

  it('is passed over: a new Communication, and a version of one that was queued', async () => {
    const world = new World();
    world.hasWritten({ ref, versionId: '1', resource: message('1') });
    expect(await pulled(world, message('1'))).toBe(0);
    expect(await pulled(world, message('2'))).toBe(1);
    world.hasWritten({ ref, versionId: '3', of: '2', resource: message('3') });
    expect(await pulled(world, message('3'))).toBe(0);
    expect(world.cursors.get('Communication')).toEqual(at(3));
  });

  it('is queued where it was made of a version that was never seen', async () => {
    const world = new World();
    world.hasWritten({ ref, versionId: '2', of: '1', resource: message('2') });
    expect(await pulled(world, message('2'))).toBe(1);
  });

  it('is queued where it takes back a message', async () => {
    const world = new World();
    expect(await pulled(world, message('1'))).toBe(1);
    world.hasWritten({ ref, versionId: '2', of: '1', resource: message('2', 'entered-in-error') });
    expect(await pulled(world, message('2', 'entered-in-error'))).toBe(1);
  });

  it('is queued where it is of another type', async () => {
    const world = new World();
    const team = resource<CareTeam>('CareTeam', 't', 1);
    world.hasWritten({ ref: FhirRef.parse('CareTeam/t'), versionId: '1', resource: team });
    world.pages = { CareTeam: [[team]] };
    expect(await world.reader.pull('ehr')).toBe(1);
  });
});
