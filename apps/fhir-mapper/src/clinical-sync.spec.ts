import { FhirRef } from '@bridge/contracts';
import { ClinicalLines, type ClinicalResource } from '@bridge/mapping';
import type { CareTeamStore, MessageLinkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import type { QueuePublisher } from '@bridge/queue';
import type { Flag, Media } from '@medplum/fhirtypes';
import type { CareTeamSync } from './care-team-sync';
import type { ClinicalNames } from './clinical-names';
import { ClinicalSync } from './clinical-sync';
import type { ConversationSync } from './conversation-sync';

const flag: Flag = {
  resourceType: 'Flag',
  id: 'f',
  meta: { versionId: '2', lastUpdated: '2026-03-10T12:00:00Z' },
  status: 'active',
  code: { text: 'Falls' },
  subject: { reference: 'Patient/p' },
};

interface Situation {
  /** Open care teams by patient, the one that changed last first. */
  readonly teams?: Readonly<Record<string, string[]>>;
  /** Where the resource's line is. */
  readonly saidIn?: string;
}

function setUp({ teams = { 'Patient/p': ['CareTeam/t'] }, saidIn }: Situation = {}) {
  const published: [kind: string, key: string, id: string, message: Record<string, unknown>][] = [];
  const ensured: string[] = [];
  const ofSubject = async (patient: string) => (teams[patient] ?? []) as FhirRef[];
  const metrics = new Metrics();
  const lines = ClinicalLines.of({
    types: ['Flag', 'Media'],
    language: 'en',
    timeZone: 'UTC',
    own: { Media: { en: '[{note}]' } },
  });
  const sync = new ClinicalSync(
    lines as ClinicalLines,
    { of: async () => new Map(), identifiersOf: async () => [] } as unknown as ClinicalNames,
    {
      ofSubject: async (patient: FhirRef) => (await ofSubject(patient))[0] ?? null,
    } as unknown as CareTeamSync,
    { ofSubject } as unknown as CareTeamStore,
    { ensure: async (ref: FhirRef) => void ensured.push(ref) } as unknown as ConversationSync,
    { conversationOf: async () => saidIn as FhirRef | undefined } as unknown as MessageLinkStore,
    {
      publish: async (kind: string, key: string, message: Record<string, unknown>, { id }: { id: string }) =>
        void published.push([kind, key, id, message]),
    } as unknown as QueuePublisher,
    metrics,
  );
  const apply = async (resource: ClinicalResource): Promise<string | undefined> => {
    await sync.apply(resource);
    const counter = metrics.counter('bridge_clinical_resources_total', '', ['type', 'outcome']);
    const { values } = await counter.get();
    return values.find(({ value }) => value > 0)?.labels.outcome as string | undefined;
  };
  const asked = () => published.map(([kind, key]) => [kind, key]);
  return { apply, published, asked, ensured };
}

const told = (team: string) => [['command.send-message', team]];
const takenBack = (team: string) => [['command.redact-message', team]];

it('a line is said by nobody in particular, in the room of the patient’s care team', async () => {
  const { apply, published, ensured } = setUp();
  expect(await apply(flag)).toBe('told');
  expect(ensured).toEqual(['CareTeam/t']);
  const [[kind, key, id, message] = []] = published;
  expect([kind, key, id]).toEqual(['command.send-message', 'CareTeam/t', 'Flag/f/_history/2#0']);
  expect(message).toMatchObject({ source: 'Flag/f', version: '2', part: 0, parts: [0] });
  expect(message?.sent).toBe('2026-03-10T12:00:00.000Z');
  expect(message).not.toHaveProperty('author');
});

it('a server that tells no time gives a line none', async () => {
  const { apply, published } = setUp();
  await apply({ ...flag, meta: undefined });
  expect(published[0]?.[3].sent).toBeUndefined();
});

it.each<[string, Situation, string]>([
  [
    'where it was said first, as long as the patient has that care team',
    { teams: { 'Patient/p': ['CareTeam/new', 'CareTeam/old'] }, saidIn: 'CareTeam/old' },
    'CareTeam/old',
  ],
  [
    'where the patient has moved to',
    { teams: { 'Patient/p': ['CareTeam/new'] }, saidIn: 'CareTeam/old' },
    'CareTeam/new',
  ],
])('a new version is told %s', async (_words, situation, team) => {
  const { apply, asked } = setUp(situation);
  expect(await apply(flag)).toBe('told');
  expect(asked()).toEqual(told(team));
});

it.each<[string, ClinicalResource]>([
  ['taken-back', { ...flag, status: 'entered-in-error' }],
  ['not-understood', { ...flag, modifierExtension: [{ url: 'urn:x', valueBoolean: true }] }],
  ['no-single-patient', { ...flag, subject: { reference: 'Group/g' } }],
  ['no-care-team', { ...flag, subject: { reference: 'Patient/without-team' } }],
  [
    'nothing-to-say',
    { resourceType: 'Media', id: 'm', status: 'completed', subject: flag.subject, content: {} } as Media,
  ],
])('what says nothing any more is taken back where it was said: %s', async (outcome, resource) => {
  const { apply, asked, published } = setUp({
    teams: { 'Patient/p': ['CareTeam/t'] },
    saidIn: 'CareTeam/old',
  });
  expect(await apply(resource)).toBe(outcome);
  expect(asked()).toEqual(takenBack('CareTeam/old'));
  expect(published[0]?.[3]).not.toHaveProperty('author');
});

it('what is entered in error before it was told may be on its way: it is taken back in the room it would go to', async () => {
  const { apply, asked, ensured } = setUp();
  await apply({ ...flag, status: 'entered-in-error' });
  expect(asked()).toEqual(takenBack('CareTeam/t'));
  expect(ensured).toEqual([]);
});

it.each<[string, ClinicalResource]>([
  ['not-wanted', { ...flag, resourceType: 'Observation' } as unknown as ClinicalResource],
  [
    'bookkeeping',
    { ...flag, meta: { tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }] } },
  ],
  ['no-care-team', { ...flag, subject: { reference: 'Patient/without-team' } }],
])('of some nothing is to be done: %s', async (outcome, resource) => {
  const { apply, asked } = setUp();
  expect(await apply(resource)).toBe(outcome);
  expect(asked()).toEqual([]);
});
