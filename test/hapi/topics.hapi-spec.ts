import { deliveredWithinMs, type HapiFixture, notificationSecret, startHapi } from './hapi-fixture';
import { until } from '../support/until';

/*
 * Topic-based Subscriptions as HAPI FHIR sends them (R5; on R4 it reads its topics at its start only). The bridge
 * speaks R4 to its own FHIR server: of an R5 server it takes the notifications. HAPI leaves out the headers that an R5
 * Subscription names, so that a proxy has to add the secret.
 */

jest.setTimeout(150_000);

const topicUrl = 'urn:fhir-matrix-bridge:tests:communications';

let hapi: HapiFixture;

beforeAll(async () => {
  hapi = await startHapi({ fhir: 'R5' });
}, 240_000);

afterAll(async () => {
  await hapi?.stop();
}, 30_000);

async function create(resource: { resourceType: string } & Record<string, unknown>): Promise<{ id: string }> {
  const response = await fetch(`${hapi.server.baseUrl}/${resource.resourceType}`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  const answer = (await response.json()) as { id: string };
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

async function subscribe(content: string): Promise<string> {
  const { id } = await create({
    resourceType: 'Subscription',
    status: 'requested',
    topic: topicUrl,
    channelType: {
      system: 'http://terminology.hl7.org/CodeSystem/subscription-channel-type',
      code: 'rest-hook',
    },
    endpoint: hapi.tap.notifyUrl,
    parameter: [{ name: 'Authorization', value: `Bearer ${notificationSecret}` }],
    contentType: 'application/fhir+json',
    content,
  });
  await until('the Subscription to be active', async () => {
    const answer = await fetch(`${hapi.server.baseUrl}/Subscription/${id}`);
    return ((await answer.json()) as { status: string }).status === 'active';
  });
  return id;
}

describe('a topic-based notification of HAPI (R5)', () => {
  beforeAll(() =>
    create({
      resourceType: 'SubscriptionTopic',
      url: topicUrl,
      status: 'active',
      resourceTrigger: [{ resource: 'Communication', supportedInteraction: ['create', 'update'] }],
    }),
  );

  it('cannot show who it is, and is refused', async () => {
    const subscription = await subscribe('id-only');
    const about = () => hapi.tap.about(`Subscription/${subscription}`)[0];
    // HAPI follows a new topic a moment after it has stored it, and does not say from when on.
    const aboutAnother = async () => {
      await create({ resourceType: 'Communication', status: 'completed' });
      return until('a notification', about, 10_000).catch(() => undefined);
    };
    const sent = await until('the notification', aboutAnother, deliveredWithinMs);
    expect(sent.headers).not.toHaveProperty('authorization');
    expect(sent.status).toBe(401);
  });

  it.each(['empty', 'id-only', 'full-resource'])(
    'with content %s is a Bundle with a SubscriptionStatus, and is queued',
    async (content) => {
      await hapi.queue.empty('MAPPING', 'DEAD_LETTERS');
      hapi.tap.authorization = `Bearer ${notificationSecret}`;
      const subscription = await subscribe(content);
      const { id } = await create({ resourceType: 'Communication', status: 'completed' });
      const about = () => hapi.tap.about(`Subscription/${subscription}`).find(({ status }) => status === 204);
      const sent = await until('the notification', about, deliveredWithinMs);
      expect(sent).toMatchObject({ method: 'POST', target: '/notify/ehr' });
      const bundle = JSON.parse(sent.body) as {
        type: string;
        entry: { resource?: { resourceType: string; id?: string } }[];
      };
      expect(bundle.type).toBe('subscription-notification');
      expect(bundle.entry[0]?.resource).toMatchObject({
        resourceType: 'SubscriptionStatus',
        type: 'event-notification',
        topic: topicUrl,
      });
      expect(sent.body.includes(`Communication/${id}`)).toBe(content !== 'empty');
      expect(bundle.entry.some(({ resource }) => resource?.resourceType === 'Communication')).toBe(
        content === 'full-resource',
      );
      expect(await hapi.queue.heldJson('MAPPING')).toEqual(
        expect.arrayContaining([expect.objectContaining({ source: 'ehr' })]),
      );
      expect(await hapi.queue.held('DEAD_LETTERS')).toEqual([]);
    },
  );
});
