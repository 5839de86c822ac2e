import { randomBytes } from 'node:crypto';
import type { Communication, Extension, Subscription } from '@medplum/fhirtypes';
import type { FhirApi } from '../../deploy/local/src/fhir-api';
import { subscription } from '../../deploy/local/src/example-data';
import type { Tapped } from '../support/notification-tap';
import { until } from '../support/until';
import { deliveredWithinMs, type HapiFixture } from './hapi-fixture';

interface Servers {
  readonly hapi: HapiFixture;
  readonly api: FhirApi;
  readonly secret: string;
}

const system = 'urn:fhir-matrix-bridge:tests';
const hapiExtension = (name: string): string => `http://hapifhir.io/fhir/StructureDefinition/${name}`;

/** Every form in which HAPI FHIR tells of a change (R4, rest-hook), byte for byte, and what fhir-ingress makes of it. */
export function describeNotifications(servers: () => Servers): void {
  /** A Subscription to the Communications of one category, when HAPI follows it. */
  async function subscribe(
    form: Partial<Subscription['channel']> = {},
    extension: Extension[] = [],
  ): Promise<string> {
    const { hapi, api, secret } = servers();
    const code = randomBytes(4).toString('hex');
    const asked = subscription(`Communication?category=${system}|${code}`, hapi.tap.notifyUrl, secret);
    const made = await api.create<Subscription>({
      ...asked,
      ...(extension.length > 0 && { extension }),
      channel: { ...asked.channel, ...form },
    });
    await until('the Subscription to be active', async () => {
      return (await api.read<Subscription>('Subscription', made.id)).status === 'active';
    });
    return code;
  }

  async function write(code: string): Promise<Communication & { id: string }> {
    return servers().api.create<Communication>({
      resourceType: 'Communication',
      status: 'completed',
      category: [{ coding: [{ system, code }] }],
    });
  }

  /** The requests about something, as soon as the last of them has been taken. */
  async function taken(about: () => Tapped[]): Promise<Tapped[]> {
    const answered = () => about().at(-1)?.status === 204 && about();
    return until('a notification that is taken', answered, deliveredWithinMs);
  }

  const since = (count: number) => () => servers().hapi.tap.seen.slice(count);
  const queued = () => servers().hapi.queue.heldJson('MAPPING');

  describe('a notification of HAPI', () => {
    beforeEach(() => servers().hapi.queue.empty('MAPPING', 'DEAD_LETTERS'));
    afterEach(async () => expect(await servers().hapi.queue.held('DEAD_LETTERS')).toEqual([]));

    it('without payload is an empty POST, and queues a pull', async () => {
      const { hapi, secret } = servers();
      const code = await subscribe();
      const before = hapi.tap.seen.length;
      await write(code);
      const [sent] = await taken(since(before));
      expect(sent).toMatchObject({ method: 'POST', target: '/notify/ehr', body: '' });
      expect(sent!.headers).toMatchObject({ authorization: `Bearer ${secret}`, 'content-length': '0' });
      expect(await queued()).toEqual([expect.objectContaining({ source: 'ehr' })]);
    });

    it('with payload is a PUT of the new version, and queues a pull', async () => {
      const code = await subscribe({ payload: 'application/fhir+json' });
      const { id } = await write(code);
      const [sent] = await taken(() => servers().hapi.tap.about(`Communication/${id}`));
      expect(sent).toMatchObject({ method: 'PUT', target: `/notify/ehr/Communication/${id}` });
      expect(sent!.headers['content-type']?.toLowerCase()).toBe('application/fhir+json; charset=utf-8');
      expect(JSON.parse(sent!.body)).toMatchObject({
        resourceType: 'Communication',
        id,
        meta: { versionId: '1' },
      });
      expect(await queued()).toEqual([expect.objectContaining({ source: 'ehr' })]);
    });

    it('with payload is sent again when it was refused', async () => {
      const { hapi } = servers();
      const code = await subscribe({ payload: 'application/fhir+json' });
      hapi.tap.refuseNext(1);
      const { id } = await write(code);
      const sent = await taken(() => hapi.tap.about(`Communication/${id}`));
      expect(sent.map(({ status }) => status)).toEqual([503, 204]);
      expect(sent[1]!.body).toBe(sent[0]!.body);
      expect(await queued()).toHaveLength(1);
    });

    it('without payload is lost when it was refused: the next one is about something else', async () => {
      const { hapi } = servers();
      const code = await subscribe();
      const before = hapi.tap.seen.length;
      hapi.tap.refuseNext(1);
      await write(code);
      await until('the refused one', () => hapi.tap.seen.length > before, deliveredWithinMs);
      await write(code);
      const sent = await taken(since(before));
      expect(sent.map(({ status }) => status)).toEqual([503, 204]);
    });

    it('of a deletion, where it is asked for, is a DELETE, and queues a pull', async () => {
      const { hapi } = servers();
      const deletions = { url: hapiExtension('subscription-send-delete-messages'), valueBoolean: true };
      const code = await subscribe({ payload: 'application/fhir+json', extension: [deletions] });
      const { id } = await write(code);
      await taken(() => hapi.tap.about(`Communication/${id}`));
      await hapi.queue.empty('MAPPING');
      await fetch(`${hapi.server.baseUrl}/Communication/${id}`, { method: 'DELETE' });
      const deletion = () =>
        hapi.tap.about(`Communication/${id}`).filter(({ method }) => method === 'DELETE');
      const [sent] = await taken(deletion);
      expect(sent).toMatchObject({ target: `/notify/ehr/Communication/${id}`, body: '' });
      expect(await queued()).toHaveLength(1);
    });

    it('with a search as its payload is a transaction Bundle, and queues a pull', async () => {
      const { hapi } = servers();
      const search = {
        url: hapiExtension('subscription-payload-search-criteria'),
        valueString: 'Communication?_id=${matched_resource_id}',
      };
      const code = await subscribe({ payload: 'application/fhir+json' }, [search]);
      const { id } = await write(code);
      const [sent] = await taken(() => hapi.tap.about(`Communication/${id}`));
      expect(sent).toMatchObject({ method: 'POST', target: '/notify/ehr' });
      expect(JSON.parse(sent!.body)).toMatchObject({
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [{ resource: { resourceType: 'Communication', id }, request: { method: 'PUT' } }],
      });
      expect(await queued()).toHaveLength(1);
    });
  });
}
