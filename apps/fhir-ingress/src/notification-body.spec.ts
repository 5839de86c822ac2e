import { readNotification, type Call } from './notification-body';

const post = (body: string | Buffer, more: { last?: string; deleted?: string } = {}) =>
  readNotification({ method: 'POST', body: Buffer.from(body), ...more });
const put = (body: string | Buffer, type = 'Communication', id = 'c-1') =>
  readNotification({ method: 'PUT', type, id, body: Buffer.from(body) });
const change = (told: object) => ({ form: 'change', told });
const malformed = (fault: string) => ({ form: 'malformed', fault });

describe('readNotification', () => {
  it('takes an empty POST for any change, where the last segment of its path names no type that is followed', () => {
    for (const last of [undefined, '7b8f7d5e', 'eb1f-0a', 'Slot', 'task', 'toString']) {
      expect(post('', { last })).toEqual(change({}));
    }
  });

  it('takes an empty POST to a type for a change of that type', () => {
    expect(post('', { last: 'Communication' })).toEqual(change({ types: ['Communication'] }));
    expect(post('', { last: 'Task' })).toEqual(change({ types: ['Task'] }));
  });

  it('takes the type of a resource that is posted, with its id or without', () => {
    expect(post('{"resourceType":"Task","id":"t-1"}')).toEqual(change({ types: ['Task'] }));
    expect(post('{"resourceType":"Task"}', { last: 'Task' })).toEqual(change({ types: ['Task'] }));
    expect(post('{"resourceType":"Task"}', { last: 'task-changes' })).toEqual(change({ types: ['Task'] }));
  });

  it('takes the type of the resource that the path names, and nothing else of it', () => {
    expect(put('{"resourceType":"Communication","id":"c-1","sent":7}')).toEqual(
      change({ types: ['Communication'] }),
    );
  });

  it('reads a body with a byte order mark', () => {
    expect(put('\uFEFF{"resourceType":"Communication","id":"c-1"}')).toEqual(
      change({ types: ['Communication'] }),
    );
  });

  it.each(['{', 'hello', '{"resourceType":"Communication"', '<Communication/>', ' '])(
    'sees that %j is not JSON',
    (text) => {
      expect([put(text), post(text)]).toEqual([malformed('not JSON'), malformed('not JSON')]);
    },
  );

  it('sees that a PUT without body is not JSON', () => {
    expect(put('')).toEqual(malformed('not JSON'));
  });

  it('sees text in another encoding than UTF-8', () => {
    expect(put(Buffer.from('{"id":"é"}', 'latin1'))).toEqual(malformed('not JSON'));
  });

  it.each([
    'null',
    '[]',
    '7',
    '"text"',
    '{}',
    '{"resourceType":"Communication"}',
    '{"resourceType":["Communication"],"id":"c-1"}',
  ])('sees that %s, PUT, is not a resource with an id', (text) => {
    expect(put(text)).toEqual(malformed('not a resource with an id'));
  });

  it.each(['null', '[]', '7', '{"id":"x"}', '{"resourceType":"communication"}', '{"resourceType":7}'])(
    'sees that %s, posted, is not a resource',
    (text) => {
      expect(post(text)).toEqual(malformed('not a resource'));
    },
  );

  it.each(['{"resourceType":"Task","id":"c-1"}', '{"resourceType":"Communication","id":"c-2"}'])(
    'sees that %s is not the resource that the path names',
    (text) => {
      expect(put(text)).toEqual(malformed('not the resource that the path names'));
    },
  );

  it('sees that a created resource is of another type than its path', () => {
    expect(post('{"resourceType":"Task"}', { last: 'Communication' })).toEqual(
      malformed('not of the type that the path names'),
    );
  });

  it.each(['SubscriptionStatus', 'Parameters', 'OperationOutcome'])(
    'sees that a bare %s tells of no change',
    (type) => {
      expect(post(`{"resourceType":"${type}"}`)).toEqual(malformed('a resource that tells of no change'));
    },
  );

  it.each([
    ['communication', 'c-1'],
    ['Communication', 'c_1'],
    ['Communication', 'x'.repeat(65)],
  ])('sees that %s/%s names no resource', (type, id) => {
    for (const method of ['PUT', 'DELETE'] as const) {
      const call: Call = { method, type, id, body: Buffer.from(`{"resourceType":"${type}","id":"${id}"}`) };
      expect(readNotification(call)).toEqual(malformed('the path names no resource'));
    }
  });

  it('takes a DELETE for the deletion of what its path names', () => {
    expect(
      readNotification({ method: 'DELETE', type: 'CareTeam', id: 'ct-1', body: Buffer.alloc(0) }),
    ).toEqual(change({ types: ['CareTeam'], gone: ['CareTeam/ct-1'] }));
  });

  it("takes a deletion from Medplum's header, and sees when that names nothing", () => {
    expect(post('{}', { deleted: 'Communication/c-1' })).toEqual(
      change({ types: ['Communication'], gone: ['Communication/c-1'] }),
    );
    for (const deleted of ['', 'Communication', 'Communication?id=1']) {
      expect(post('{}', { deleted })).toEqual(malformed('no resource in X-Medplum-Deleted-Resource'));
    }
  });

  it('takes an empty object for any change', () => {
    expect(post('{}')).toEqual(change({}));
  });

  it('takes a push of Google Pub/Sub for any change, and nothing of what is in it', () => {
    const push = {
      message: { data: 'c2VjcmV0', messageId: '1', attributes: {} },
      subscription: 'projects/p/x',
    };
    expect(post(JSON.stringify(push))).toEqual(change({}));
    expect(post(JSON.stringify({ message: push.message }))).toEqual(malformed('not a resource'));
  });

  it.each([500, 501])('reads %d levels, no more than 500', (levels) => {
    const inner = '['.repeat(levels - 1) + ']'.repeat(levels - 1);
    const read = put(`{"resourceType":"Communication","id":"c-1","x":${inner}}`);
    expect(read.form).toBe(levels <= 500 ? 'change' : 'malformed');
  });

  it('is not hurt by 100,000 levels', () => {
    const deep = `{"resourceType":"Communication","id":"c-1","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(put(deep)).toEqual(malformed('nested deeper than 500 levels'));
    expect(post('{"a":'.repeat(100_000))).toEqual(malformed('nested deeper than 500 levels'));
  });
});

describe('a Bundle of changes', () => {
  const bundle = (type: string, entry?: object[]) =>
    post(JSON.stringify({ resourceType: 'Bundle', type, entry }));

  it('tells each type once', () => {
    const entry = ['Communication', 'Communication', 'Task'].map((resourceType, index) => ({
      resource: { resourceType, id: String(index) },
      request: { method: 'PUT', url: `${resourceType}/${index}` },
    }));
    expect(bundle('transaction', entry)).toEqual(change({ types: ['Communication', 'Task'] }));
  });

  it('tells what is deleted', () => {
    expect(bundle('transaction', [{ request: { method: 'DELETE', url: 'Task/1' } }])).toEqual(
      change({ types: ['Task'], gone: ['Task/1'] }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['an entry without a resource', [{ resource: { resourceType: 'Task' } }, {}]],
    ['a conditional deletion', [{ request: { method: 'DELETE', url: 'Task?status=draft' } }]],
    [
      'more than fifty types',
      Array.from({ length: 51 }, (_, index) => ({ resource: { resourceType: `T${'x'.repeat(index)}` } })),
    ],
  ])('with %s is any change', (_case, entry) => {
    expect(bundle('transaction', entry)).toEqual(change({}));
  });

  it.each(['searchset', 'message', 'history', 'subscription-notification', 'nonsense'])(
    'of type %s without a status is of no known form',
    (type) => {
      expect(bundle(type, [{ resource: { resourceType: 'Task' } }])).toEqual(
        malformed('a Bundle of no known form'),
      );
    },
  );
});
