import type { FhirRef } from '@bridge/contracts';
import type { FhirClient } from '@bridge/fhir';
import type {
  CareTeamStore,
  ConversationStore,
  MessageLinkStore,
  ParticipantStore,
} from '@bridge/persistence';
import type { QueuePublisher } from '@bridge/queue';
import type { AuditEvent, Task } from '@medplum/fhirtypes';
import { MapperConfig } from './mapper-config';
import type { PersonResolver } from './person-resolver';
import { ReadingSync } from './reading-sync';

const conversation = 'CommunicationRequest/c';

const task: Task = {
  resourceType: 'Task',
  id: 't',
  meta: { versionId: '2', lastUpdated: '2026-03-10T12:00:00Z' },
  status: 'completed',
  intent: 'order',
  basedOn: [{ reference: conversation }],
  owner: { reference: 'RelatedPerson/r' },
  focus: { reference: 'Communication/m' },
};

const access: AuditEvent = {
  resourceType: 'AuditEvent',
  id: 'a',
  meta: { versionId: '1', lastUpdated: '2026-03-10T12:00:00Z' },
  type: { code: 'rest' },
  subtype: [{ system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'access' }],
  action: 'R',
  recorded: '2026-03-10T12:00:00Z',
  agent: [{ who: { reference: 'RelatedPerson/r' }, requestor: true }],
  source: { observer: { display: 'The portal' } },
  entity: [{ what: { reference: 'Communication/m' } }],
};

function setUp(readMarks: 'none' | 'task' | 'audit-event' | 'both' = 'both') {
  const published: [kind: string, key: string, id: string][] = [];
  const accounts: Record<string, string> = { 'Practitioner/p': '@p:x' };
  const messages: Record<string, object> = {
    'Communication/m': { resourceType: 'Communication', partOf: [{ reference: conversation }] },
    'Communication/foreign': {
      resourceType: 'Communication',
      partOf: [{ reference: 'CommunicationRequest/foreign' }],
    },
  };
  const sync = new ReadingSync(
    { read: async (ref: FhirRef) => messages[ref] } as unknown as FhirClient,
    { known: async (ref: FhirRef) => ref } as unknown as PersonResolver,
    {
      find: async (fhirRef: FhirRef) => ({ fhirRef, accountUserId: accounts[fhirRef] ?? null }),
    } as unknown as ParticipantStore,
    {
      find: async (ref: FhirRef) => (ref === conversation ? { conversation } : undefined),
    } as unknown as ConversationStore,
    {} as CareTeamStore,
    { ofResource: async () => [] } as unknown as MessageLinkStore,
    {
      publish: async (kind: string, key: string, _message: object, { id }: { id: string }) =>
        void published.push([kind, key, id]),
    } as unknown as QueuePublisher,
    { marks: MapperConfig.prototype.marks.bind({ readMarks } as unknown as MapperConfig) } as MapperConfig,
  );
  return { sync, published };
}

it('a completed Task is a receipt, in the order of its conversation', async () => {
  const { sync, published } = setUp();
  await sync.apply(task, conversation);
  expect(published).toEqual([['command.send-receipt', conversation, 'Task/t/_history/2']]);
});

it('an AuditEvent goes behind the message that was read, and is a receipt then', async () => {
  const { sync, published } = setUp();
  await sync.apply(access, 'Communication/m');
  expect(published).toEqual([['fhir.changed', conversation, `AuditEvent/a/_history/1 in ${conversation}`]]);
  await sync.apply(access, conversation);
  expect(published[1]).toEqual(['command.send-receipt', conversation, 'AuditEvent/a/_history/1']);
});

it.each<[string, Task | AuditEvent]>([
  ['of somebody with an account', { ...task, owner: { reference: 'Practitioner/p' } }],
  ['that is still open', { ...task, status: 'requested' }],
  ['about a message that is not there', { ...access, entity: [{ what: { reference: 'Communication/x' } }] }],
])('a mark %s is none', async (_words, resource) => {
  const { sync, published } = setUp();
  await sync.apply(resource, conversation);
  expect(published).toEqual([]);
});

it('a mark in a conversation that is none of the bridge’s is none', async () => {
  const { sync, published } = setUp();
  const foreign = 'CommunicationRequest/foreign';
  await sync.apply({ ...task, basedOn: [{ reference: foreign }] }, foreign);
  expect(published).toEqual([]);
});

it.each([
  ['none', 0, 0],
  ['task', 1, 0],
  ['audit-event', 0, 1],
  ['both', 1, 1],
] as const)(
  'of Task and AuditEvent the ones count that the organisation keeps: %s',
  async (wanted, tasks, events) => {
    const { sync, published } = setUp(wanted);
    await sync.apply(task, conversation);
    expect(published).toHaveLength(tasks);
    await sync.apply(access, conversation);
    expect(published).toHaveLength(tasks + events);
  },
);
