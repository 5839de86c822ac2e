import type { Subscription } from '@medplum/fhirtypes';
import { topicOf } from '../../deploy/local/fhir-server/topic-subscription';
import { bridgeProcesses } from '../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { subscription } from '../../deploy/local/src/example-data';
import { freePorts } from '../../deploy/local/src/free-port';
import { type FhirSide, type RecordServer, prepareFhirSide, startRecordServer } from '../support/fhir-side';
import { outcomeOfSteps, step } from '../support/step';
import { until } from '../support/until';

/*
 * The Subscriptions that the bridge makes itself, by two replicas of fhir-mapper at once, on a server where somebody
 * else has some as well.
 */

const types = [
  'AuditEvent',
  'CareTeam',
  'Communication',
  'CommunicationRequest',
  'Endpoint',
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'RelatedPerson',
  'Task',
];

let record: RecordServer;
let side: FhirSide;
let foreign: Subscription & { id: string };
const running: ManagedProcess[] = [];

beforeAll(async () => {
  record = await startRecordServer();
  side = await prepareFhirSide(record, 'bridge');
  foreign = await record.api.create(subscription('CareTeam?', 'http://127.0.0.1:9/elsewhere', 'other'));
  await side.bridge['fhir-ingress'].start();
}, 60_000);

afterAll(async () => {
  await stopMappers();
  await side?.stop();
  await record?.stop(outcomeOfSteps());
}, 60_000);

/** Two replicas at the same moment. */
async function startMappers(settings: Record<string, string>): Promise<void> {
  const ports = await freePorts(2);
  const secret = side.environment.notificationSecret;
  for (const port of ports) {
    const processes = bridgeProcesses({
      ...side.environment,
      ports: { ...side.environment.ports, 'fhir-mapper': port },
      settings: {
        FHIR_SUBSCRIPTION_ENDPOINT: side.notifyUrl,
        FHIR_SUBSCRIPTION_HEADER: `Authorization: Bearer ${secret}`,
        FHIR_SUBSCRIPTION_CHECK_INTERVAL_MS: '300',
        ...settings,
      },
    });
    running.push(processes['fhir-mapper']);
  }
  await Promise.all(running.map((each) => each.start()));
}

async function stopMappers(): Promise<void> {
  await Promise.all(running.splice(0).map((each) => each.stop()));
}

/** All but the foreign one. */
async function own(): Promise<(Subscription & { id: string })[]> {
  const all = await record.api.search<Subscription & { id: string }>('Subscription', {});
  return all.filter(({ id }) => id !== foreign.id);
}

async function allActive(count: number): Promise<(Subscription & { id: string })[] | false> {
  const found = await own();
  return found.length === count && found.every(({ status }) => status === 'active') && found;
}

step('there is one for each type that is followed, without content, which notifies the bridge', async () => {
  await startMappers({ FHIR_SUBSCRIPTIONS: 'managed' });
  const found = await until('the Subscriptions', () => allActive(types.length));
  expect(found.map(({ criteria }) => criteria).sort()).toEqual(types.map((type) => `${type}?`));
  for (const { channel } of found) {
    expect(channel).toMatchObject({ type: 'rest-hook', endpoint: side.notifyUrl });
    expect(channel.payload).toBeUndefined();
  }
  const rows = () => side.query<object>("SELECT 1 FROM care_team_space WHERE care_team = 'CareTeam/t'");
  await record.api.update({ resourceType: 'CareTeam', id: 't', status: 'active' });
  await until('the change to arrive', async () => (await rows()).length === 1);
});

step(
  'one that the server has set to error, or off, is requested again; what others have is left alone',
  async () => {
    const [first, second] = await own();
    await record.api.update<Subscription>({ ...first!, status: 'error', error: 'timeout' });
    await record.api.update<Subscription>({ ...second!, status: 'off' });
    await record.api.update<Subscription>({ ...foreign, status: 'off' });
    await until('them to be active', () => allActive(types.length));
    expect((await record.api.read<Subscription>('Subscription', foreign.id)).status).toBe('off');
  },
);

step('one that somebody has deleted is made again, once', async () => {
  const [first] = await own();
  await record.remove(`Subscription/${first!.id}`);
  const found = await until('it to be there again', () => allActive(types.length));
  expect(found.map(({ id }) => id)).not.toContain(first!.id);
  expect(found.map(({ criteria }) => criteria).sort()).toEqual(types.map((type) => `${type}?`));
});

step('those of a server with topics are made of the topic that is named for their type', async () => {
  await stopMappers();
  const before = new Map((await own()).map(({ id, criteria }) => [criteria, id]));
  await startMappers({
    FHIR_SUBSCRIPTIONS: 'managed',
    FHIR_SUBSCRIPTION_TOPICS: `Communication=${topicOf('Communication')},CareTeam=urn:nobody:advertises:this`,
  });
  await until('the topic', async () =>
    (await own()).some(({ criteria }) => criteria === topicOf('Communication')),
  );
  const after = await until('them to be active', () => allActive(types.length));
  const changed = after.find(({ criteria }) => criteria === topicOf('Communication'));
  expect(changed).toMatchObject({
    id: before.get('Communication?'),
    channel: { payload: 'application/fhir+json' },
  });
  expect(after.filter(({ criteria }) => criteria.endsWith('?'))).toHaveLength(types.length - 1);
});

step('a type that is not followed any more needs none', async () => {
  await stopMappers();
  await startMappers({ FHIR_SUBSCRIPTIONS: 'managed', FHIR_READ_MARKS: 'none' });
  const found = await until('those that are left', () => allActive(types.length - 2));
  expect(found.map(({ criteria }) => criteria)).not.toContain('Task?');
});

step('all of them are removed on request, and nobody else’s', async () => {
  await stopMappers();
  await startMappers({ FHIR_SUBSCRIPTIONS: 'removed' });
  await until('them to be gone', async () => (await own()).length === 0);
  expect((await record.api.read<Subscription>('Subscription', foreign.id)).criteria).toBe('CareTeam?');
});
