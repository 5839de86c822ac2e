import { AuditTrail } from '@bridge/audit';
import { EventId, FhirRef, RoomId, UserId } from '@bridge/contracts';
import { type Binaries, FhirClient, FhirConflict } from '@bridge/fhir';
import { MatrixRefusal, Receipts } from '@bridge/matrix';
import type { AuditOutboxStore, ConversationStore, MessageLinkStore } from '@bridge/persistence';
import type { Metrics } from '@bridge/platform';
import type { AuditEvent, Resource, Task } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { MapperConfig } from './mapper-config';
import type { PersonResolver } from './person-resolver';
import { ReadingRecorder } from './reading-recorder';

const roomId = RoomId.parse('!r');
const conversation = FhirRef.parse('CommunicationRequest/c');
const account = UserId.parse('@ada:gp.example');
const event = (id: string) => EventId.parse(`$${id}`);

/** A conversation with the messages m1, m2 and m3, in this order, and Tasks around them. */
class World {
  readonly tasks: Task[] = [];
  readonly audit: AuditEvent[] = [];
  readonly outcomes: string[] = [];
  readonly links = ['m1', 'm2', 'm3'];
  /** Messages before an event, the newest first. */
  before: Record<string, string[]> = {};
  unsent = false;
  conflicts = false;
  readonly recorder: ReadingRecorder;

  constructor(readMarks: 'none' | 'task' | 'audit-event' | 'both' = 'both') {
    const fhir = {
      search: async function* (this: void) {
        yield tasks;
      },
      update: async (task: Task) => {
        if (this.conflicts) throw new FhirConflict('update a resource');
        tasks.splice(
          tasks.findIndex(({ id }) => id === task.id),
          1,
          task,
        );
      },
      createOnce: async (resource: Resource) => void this.audit.push(resource as AuditEvent),
    } as unknown as FhirClient;
    const { tasks } = this;
    const persons = {
      refOf: async (ref: FhirRef) => (ref === 'PractitionerRole/gp' ? 'Practitioner/ada' : ref),
    } as unknown as PersonResolver;
    const conversations = {
      ofRoom: async (room: RoomId) => (room === roomId ? { conversation } : undefined),
      members: async () => [{ participant: { fhirRef: 'Practitioner/ada', accountUserId: account } }],
    } as unknown as ConversationStore;
    const linkOf = (id: EventId) => this.links.find((link) => id === `$${link}`);
    const links = {
      resourceOf: async (id: EventId) => (linkOf(id) ? `Communication/${linkOf(id)}` : undefined),
      ofEvents: async (ids: EventId[]) =>
        new Map(ids.filter(linkOf).map((id) => [id, `Communication/${linkOf(id)}`])),
      hasUnsent: async () => this.unsent,
      bridgedAt: async (ref: FhirRef) => {
        const place = this.links.indexOf(ref.split('/')[1] ?? '');
        return place === -1 ? undefined : new Date(place * 1000);
      },
    } as unknown as MessageLinkStore;
    const receipts = {
      messagesBefore: async (_room: RoomId, id: EventId) => {
        const found = this.before[id];
        if (!found) throw new MatrixRefusal('M_NOT_FOUND', 404, 'read');
        return found.map((each) => ({ event_id: event(each) }));
      },
    } as unknown as Receipts;
    const marks = MapperConfig.prototype.marks.bind({ readMarks } as unknown as MapperConfig);
    const config = { serverName: 'care.example', marks } as MapperConfig;
    const counter = { inc: ({ outcome }: { outcome: string }) => void this.outcomes.push(outcome) };
    const metrics = { counter: () => counter } as unknown as Metrics;
    const trail = new AuditTrail({} as AuditOutboxStore, { ...config, enabled: false }, metrics);
    this.recorder = new ReadingRecorder(
      fhir,
      new AuditedRecord(fhir, {} as Binaries, trail),
      persons,
      conversations,
      links,
      receipts,
      config,
      metrics,
    );
  }

  addTask(id: string, focus: string, owner = 'Practitioner/ada', status: Task['status'] = 'requested'): void {
    this.tasks.push({
      resourceType: 'Task',
      id,
      status,
      intent: 'order',
      owner: { reference: owner },
      focus: { reference: `Communication/${focus}` },
    });
  }

  read(id: string, more: Partial<{ roomId: RoomId; userId: UserId; readAt: number }> = {}): Promise<void> {
    return this.recorder.record({ roomId, eventId: event(id), userId: account, readAt: 1_000_000, ...more });
  }

  get completed(): (string | undefined)[] {
    return this.tasks.filter(({ status }) => status === 'completed').map(({ id }) => id);
  }

  get readMessages(): (string | undefined)[] {
    return this.audit.map(({ entity }) => entity?.[0]?.what?.reference);
  }
}

it('completes the reader’s Tasks up to the message, under whatever reference they own them', async () => {
  const world = new World();
  world.addTask('earlier', 'm1', 'PractitionerRole/gp');
  world.addTask('this', 'm2');
  world.addTask('later', 'm3');
  world.addTask('unbridged', 'm9');
  world.addTask('another’s', 'm2', 'Practitioner/ben');
  await world.read('m2');
  expect(world.completed).toEqual(['earlier', 'this']);
  expect(world.readMessages).toEqual(['Communication/m2']);
});

it.each([
  ['none', [], []],
  ['task', ['t'], []],
  ['audit-event', [], ['Communication/m1']],
  ['both', ['t'], ['Communication/m1']],
] as const)('records what the organisation wants: %s', async (wanted, tasks, events) => {
  const world = new World(wanted);
  world.addTask('t', 'm1');
  await world.read('m1');
  expect([world.completed, world.readMessages]).toEqual([tasks, events]);
});

describe('an event that is no message in the record', () => {
  it('stands for the nearest one before it', async () => {
    const world = new World();
    world.before = { $edit: ['notice', 'm2', 'm1'] };
    await world.read('edit');
    expect(world.readMessages).toEqual(['Communication/m2']);
  });

  it('and has none before it says nothing', async () => {
    const world = new World();
    world.before = { $join: [] };
    await world.read('join');
    await world.read('unknown');
    expect(world.outcomes).toEqual(['nothing-read', 'nothing-read']);
  });

  it('is waited for while it may be a message on its way', async () => {
    const world = new World();
    world.unsent = true;
    await expect(world.read('m4')).rejects.toMatchObject({ recovery: 'transient' });
  });
});

it('nobody who is no member reads, and nothing in a foreign room', async () => {
  const world = new World();
  await world.read('m1', { userId: UserId.parse('@eve:x') });
  await world.read('m1', { roomId: RoomId.parse('!other') });
  expect(world.outcomes).toEqual(['unknown-reader', 'foreign-room']);
  expect(world.audit).toEqual([]);
});

it('a Task that somebody else changes at the same time is tried again by the queue', async () => {
  const world = new World();
  world.addTask('t', 'm1');
  world.conflicts = true;
  await expect(world.read('m1')).rejects.toMatchObject({ recovery: 'transient' });
});

it('nobody reads in the future', async () => {
  const world = new World();
  await world.read('m1', { readAt: Number.MAX_SAFE_INTEGER });
  expect(Date.parse(world.audit[0]!.recorded)).toBeLessThanOrEqual(Date.now());
});
