import type { FhirRef } from '@bridge/contracts';
import {
  type Capabilities,
  type DeletionOf,
  type Deletions,
  type FhirClient,
  FhirRefusal,
} from '@bridge/fhir';
import type { CursorStore, MessageLinkStore } from '@bridge/persistence';
import type { QueuePublisher } from '@bridge/queue';
import type { Communication } from '@medplum/fhirtypes';
import { DeletionReader } from './deletion-reader';
import type { MapperConfig } from './mapper-config';

const at = (second: number) => new Date(Date.UTC(2026, 2, 10, 12, 0, second));
const message = 'Communication/m' as FhirRef;

class World {
  readonly published: { key: string; message: { ref: string; resource?: object }; id: string }[] = [];
  readonly cursors = new Map<string, Date>();
  readonly there = new Set<string>();
  readonly askedSince: Date[] = [];
  readonly links = new Map<string, string>();
  history: DeletionOf[] = [];
  able = ['Communication'];
  refuses = false;
  /** Whether the history can be asked for one resource. */
  keepsHistory = true;
  /** Whether it tells when something was deleted. */
  tellsWhen = true;
  readonly reader: DeletionReader;

  constructor(deletesIntervalMs = 0) {
    const fhir = { read: async (ref: string) => (this.there.has(ref) ? {} : undefined) };
    const deletions = {
      since: async function* (this: World, _type: string, since: Date) {
        this.askedSince.push(since);
        if (this.refuses) throw new FhirRefusal(403, 'read a history', '');
        const deletions = this.history.map((each) =>
          this.tellsWhen ? each : { ...each, deletedAt: undefined },
        );
        yield { deletions, newest: deletions[0]?.deletedAt };
      }.bind(this),
      of: async (ref: FhirRef) =>
        this.keepsHistory ? this.history.find((deletion) => deletion.ref === ref) : undefined,
    };
    const cursors = {
      read: async () => new Map(this.cursors),
      advance: async (_source: string, name: string, to: Date) => void this.cursors.set(name, to),
    };
    const publisher = {
      publish: async (_kind: string, key: string, change: { ref: string }, { id }: { id: string }) =>
        void this.published.push({ key, message: change, id }),
    };
    this.reader = new DeletionReader(
      fhir as unknown as FhirClient,
      deletions as unknown as Deletions,
      { historyOf: async () => this.able } as unknown as Capabilities,
      cursors as unknown as CursorStore,
      { conversationOf: async (ref: string) => this.links.get(ref) } as unknown as MessageLinkStore,
      publisher as unknown as QueuePublisher,
      { deletesIntervalMs, pullOverlapMs: 10_000, clinicalTypes: ['Flag'] } as unknown as MapperConfig,
    );
  }
}

function deleted(ref: FhirRef, second: number, last?: Communication): DeletionOf {
  return { ref, versionId: '2', deletedAt: at(second), last };
}

const last: Communication = {
  resourceType: 'Communication',
  id: 'm',
  status: 'completed',
  partOf: [{ reference: 'CommunicationRequest/r' }],
  payload: [{ contentString: 'She is dizzy' }],
};

it('what was deleted is queued behind the changes of its conversation, without its words', async () => {
  const world = new World();
  world.history = [deleted(message, 5, last)];
  world.cursors.set('Communication/_history', at(1));
  await world.reader.sweep('ehr');
  expect(world.published).toMatchObject([
    {
      key: 'CommunicationRequest/r',
      message: { ref: message, versionId: '2', lastUpdated: at(5).toISOString(), deleted: true },
    },
  ]);
  expect(JSON.stringify(world.published)).not.toContain('dizzy');
  expect(world.cursors.get('Communication/_history')).toEqual(at(5));
});

it('the overlap shows it again, and it is queued once; deleted a second time, it is queued again', async () => {
  const world = new World();
  world.history = [deleted(message, 5, last)];
  world.cursors.set('Communication/_history', at(1));
  await world.reader.sweep('ehr');
  await world.reader.sweep('ehr');
  expect(world.askedSince[1]).toEqual(new Date(at(5).getTime() - 10_000));
  expect(world.published).toHaveLength(1);
  world.history = [deleted(message, 8, last), ...world.history];
  await world.reader.sweep('ehr');
  expect(world.published.map(({ id }) => id)).toEqual([
    `${message} deleted ${at(5).toISOString()}`,
    `${message} deleted ${at(8).toISOString()}`,
  ]);
});

it('what is told as a line is followed, what nobody asked to be told is not', async () => {
  const world = new World();
  world.links.set('Flag/f', 'CareTeam/t');
  world.links.set('Goal/g', 'CareTeam/t');
  world.history = [deleted('Flag/f' as FhirRef, 5), deleted('Goal/g' as FhirRef, 5)];
  await world.reader.look(['Flag/f' as FhirRef, 'Goal/g' as FhirRef]);
  expect(world.published).toMatchObject([{ key: 'CareTeam/t', message: { ref: 'Flag/f', deleted: true } }]);
});

it('of which the history does not tell when it was, is queued once', async () => {
  const world = new World();
  world.cursors.set('Communication/_history', at(1));
  world.history = [deleted(message, 5, last)];
  world.tellsWhen = false;
  await world.reader.sweep('ehr');
  await world.reader.sweep('ehr');
  expect(world.published).toHaveLength(1);
  expect(world.cursors.get('Communication/_history')).toEqual(at(1));
});

it('what came back is not taken for deleted', async () => {
  const world = new World();
  world.there.add(message);
  world.history = [deleted(message, 5, last)];
  world.cursors.set('Communication/_history', at(1));
  await world.reader.sweep('ehr');
  await world.reader.look([message]);
  expect(world.published).toEqual([]);
});

it('begins with what is deleted from now on', async () => {
  const world = new World();
  world.history = [deleted(message, 5, last)];
  await world.reader.sweep('ehr');
  expect(world.askedSince).toEqual([]);
  expect(world.cursors.get('Communication/_history')?.getTime()).toBeCloseTo(Date.now(), -4);
});

it('looks no more often than it is told to', async () => {
  const world = new World(60_000);
  world.cursors.set('Communication/_history', at(1));
  await world.reader.sweep('ehr');
  await world.reader.sweep('ehr');
  expect(world.askedSince).toHaveLength(1);
});

it('a history that is refused keeps no other from being read', async () => {
  const world = new World();
  world.refuses = true;
  world.cursors.set('Communication/_history', at(1));
  await expect(world.reader.sweep('ehr')).resolves.toBeUndefined();
  expect(world.cursors.get('Communication/_history')).toEqual(at(1));
});

describe('where the server keeps no history', () => {
  it('the conversation is the one in which it was said, the time is now', async () => {
    const world = new World();
    world.keepsHistory = false;
    world.links.set(message, 'CareTeam/t');
    await world.reader.look([message]);
    const [{ key, message: change } = { key: '', message: undefined }] = world.published;
    expect(key).toBe('CareTeam/t');
    expect(change).toMatchObject({ versionId: '', deleted: true });
  });
});

it('what says nothing in Matrix is not looked for', async () => {
  const world = new World();
  await world.reader.look(['Task/1', 'AuditEvent/2', 'Observation/3'] as FhirRef[]);
  expect(world.published).toEqual([]);
});
