import type { Bundle } from '@medplum/fhirtypes';
import { type FhirServer, startFhirServer } from './server';
import { TestClient, communication, eventId, idsOf, nextLink } from './test-client';

let server: FhirServer;
let client: TestClient;

beforeAll(async () => {
  server = await startFhirServer({ port: 0 });
  client = new TestClient(server.baseUrl);
});

afterAll(() => server.close());

describe('search', () => {
  test('finds by lastUpdated with its prefixes, in either order', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c']) made.push(await client.create(communication(`$time-${name}`)));
    const [a, b, c] = made.map((resource) => resource.id);
    const instant = made[1]?.meta.lastUpdated;

    const search = async (query: string) =>
      idsOf((await client.call<Bundle>('GET', `Communication?${query}`)).body);
    expect(await search(`_lastUpdated=ge${instant}&_sort=_lastUpdated`)).toEqual([b, c]);
    expect(await search(`_lastUpdated=gt${instant}`)).toEqual([c]);
    expect((await search(`_lastUpdated=lt${instant}&_sort=-_lastUpdated`))[0]).toBe(a);
    expect(await search(`_lastUpdated=ge${instant}&_lastUpdated=le${instant}`)).toEqual([b]);
    expect(await search(`_lastUpdated=ge${instant}&_sort=-_lastUpdated`)).toEqual([c, b]);
  });

  test('an updated resource moves to the end of the order of change', async () => {
    const a = await client.create(communication('$order-a'));
    const b = await client.create(communication('$order-b'));
    await client.call('PUT', `Communication/${a.id}`, { ...communication('$order-a'), id: a.id });

    const query = `Communication?_lastUpdated=ge${b.meta.lastUpdated}&_sort=_lastUpdated`;
    expect(idsOf((await client.call<Bundle>('GET', query)).body)).toEqual([b.id, a.id]);
  });

  test('sorts by another parameter', async () => {
    const thread = { reference: 'CommunicationRequest/sorted' };
    const late = await client.create(
      communication('$late', { partOf: [thread], sent: '2024-02-02T10:00:00Z' }),
    );
    const early = await client.create(
      communication('$early', { partOf: [thread], sent: '2024-01-01T10:00:00Z' }),
    );

    const search = async (sort: string) =>
      idsOf(
        (await client.call<Bundle>('GET', `Communication?part-of=${thread.reference}&_sort=${sort}`)).body,
      );
    expect(await search('sent')).toEqual([early.id, late.id]);
    expect(await search('-sent')).toEqual([late.id, early.id]);
  });

  test('finds what is part of something, by where it is now', async () => {
    const [one, other] = ['CommunicationRequest/one', 'CommunicationRequest/other'];
    const partOf = (reference: string) => ({ partOf: [{ reference }] });
    const stays = await client.create(communication('$stays', partOf(one)));
    const moves = await client.create(communication('$moves', partOf(one)));
    const search = async (query: string) =>
      idsOf((await client.call<Bundle>('GET', `Communication?${query}`)).body);
    expect(await search(`part-of=${one}`)).toEqual([stays.id, moves.id]);
    await client.call('PUT', `Communication/${moves.id}`, { ...moves, ...partOf(other) });
    expect(await search(`part-of=${one}`)).toEqual([stays.id]);
    expect(await search(`part-of=${other}`)).toEqual([moves.id]);
    expect(await search(`part-of=${one},${other}`)).toEqual([stays.id, moves.id]);
    expect(await search(`part-of=${one}0`)).toEqual([]);
  });

  test('pages hold every match once, though matches change between the pages', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i++)
      ids.push((await client.create({ resourceType: 'Group', type: 'person', actual: true })).id);
    const first = await client.call<Bundle>('GET', 'Group?_sort=_lastUpdated&_count=3');
    expect(first.body.total).toBe(7);
    await client.call('PUT', `Group/${ids[0]}`, {
      resourceType: 'Group',
      id: ids[0],
      type: 'person',
      actual: false,
    });

    const next = nextLink(first.body) ?? '';
    const rest = await client.pages(next);
    expect([...idsOf(first.body), ...rest.flatMap(idsOf)]).toEqual(ids);
    expect(rest.at(-1)?.link?.map((link) => link.relation)).toEqual(['self']);
  });

  test('includes what the matches refer to, marked as included', async () => {
    const practitioner = await client.create({ resourceType: 'Practitioner' });
    const role = await client.create({
      resourceType: 'PractitionerRole',
      practitioner: { reference: `Practitioner/${practitioner.id}` },
    });
    const team = await client.create({
      resourceType: 'CareTeam',
      participant: [
        { member: { reference: `PractitionerRole/${role.id}` } },
        { member: { reference: `PractitionerRole/${role.id}` } },
        { member: { reference: `Practitioner/${practitioner.id}` } },
        { member: { reference: 'Practitioner/nowhere' } },
      ],
    });
    const include = '_include=CareTeam:participant&_include:iterate=PractitionerRole:practitioner';
    const { body } = await client.call<Bundle>('GET', `CareTeam?_id=${team.id}&${include}`);

    expect(body.total).toBe(1);
    expect(body.entry?.map((entry) => [entry.resource?.id, entry.search?.mode])).toEqual([
      [team.id, 'match'],
      [role.id, 'include'],
      [practitioner.id, 'include'],
    ]);
    expect(body.entry?.[0]?.fullUrl).toBe(`${server.baseUrl}/CareTeam/${team.id}`);
  });

  test('can be posted as a form', async () => {
    const { id } = await client.create(communication('$form'));
    const { body } = await client.call<Bundle>(
      'POST',
      'Communication/_search',
      `identifier=${eventId}|$form`,
      {
        'content-type': 'application/x-www-form-urlencoded',
      },
    );
    expect(idsOf(body)).toEqual([id]);
  });

  test('ignores an empty parameter', async () => {
    expect((await client.call<Bundle>('GET', 'Organization?id')).status).toBe(200);
  });

  test.each([
    'Communication?nonsense=1',
    'Communication?subject.name=Jan',
    'Communication?_has:Task:focus:owner=x',
    'Communication?_sort=nonsense',
    'Communication?_count=-1',
    'Communication?_include=Communication:nonsense',
    'Communication?_lastUpdated=yesterday',
    'Communication?recipient:identifier=a|b',
  ])('refuses what it cannot do: %s', async (path) => {
    const { status, body } = await client.call('GET', path);
    expect(status).toBe(400);
    expect(body.resourceType).toBe('OperationOutcome');
  });
});

describe('history', () => {
  test('of a type and of the system tells all changes since an instant, deletions too, newest first', async () => {
    const first = await client.create({ resourceType: 'Location' });
    const second = await client.create({ resourceType: 'Location' });
    const other = await client.create({ resourceType: 'Device' });
    await client.call('DELETE', `Location/${first.id}`);

    const told = async (path: string) =>
      (await client.call<Bundle>('GET', path)).body.entry?.map(
        ({ request }) => `${request?.method} ${request?.url}`,
      );
    const since = second.meta.lastUpdated;
    expect(await told(`Location/_history?_since=${since}`)).toEqual([
      `DELETE Location/${first.id}`,
      'POST Location',
    ]);
    expect(await told(`_history?_since=${since}`)).toEqual([
      `DELETE Location/${first.id}`,
      'POST Device',
      'POST Location',
    ]);
    expect(await told(`_history?_lastUpdated=gt${other.meta.lastUpdated}`)).toEqual([
      `DELETE Location/${first.id}`,
    ]);
  });

  test('pages do not shift when something is written between them', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++)
      made.push((await client.create({ resourceType: 'Schedule', actor: [{ display: 'x' }] })).id);
    const first = await client.call<Bundle>('GET', 'Schedule/_history?_count=2');
    await client.create({ resourceType: 'Schedule', actor: [{ display: 'x' }] });
    const rest = await client.pages(nextLink(first.body) ?? '');

    expect([...idsOf(first.body), ...rest.flatMap(idsOf)]).toEqual(made.reverse());
  });

  test('of a resource that never was is 404, of an unknown parameter 400', async () => {
    expect((await client.call('GET', 'Patient/nobody/_history')).status).toBe(404);
    expect((await client.call('GET', '_history?_at=2024')).status).toBe(400);
  });
});
