import { CLIENT_RULES, clientRoutes, guardedClientRoutes, withoutVersion } from './client-routes';
import { federationRoutes } from './federation-routes';
import { RouteTable, RouteTableError, isMatch, parseRoutes } from './route-table';

const table = new RouteTable(clientRoutes());
const ruleOf = (method: string, path: string): string => {
  const found = table.find(method, path);
  return isMatch(found) ? found.route.rule : `no: ${[...found.methods].join(' ')}`;
};

describe('parseRoutes', () => {
  it('tells all mistakes at once, by line', () => {
    const text = '# a comment\n\nGET /a forward\nGET a forward\nFETCH /b forward\nPUT /c nonsense\n';
    expect(() => parseRoutes(text, CLIENT_RULES)).toThrow(RouteTableError);
    expect(() => parseRoutes(text, CLIENT_RULES)).toThrow(/line 4: .*\nline 5: .*\nline 6: no rule nonsense/);
  });
});

describe('the calls of clients', () => {
  it.each([
    ['GET', '/_matrix/client/versions', 'versions'],
    ['POST', '/_matrix/client/v3/createRoom', 'create-room'],
    ['PUT', '/_matrix/client/v3/rooms/!a:b/state/m.room.member/%40c:d', 'state'],
    ['PUT', '/_matrix/client/v3/rooms/!a:b/state/m.room.topic/', 'state'],
    ['PUT', '/_matrix/client/v3/rooms/!a:b/state/m.room.topic', 'state'],
    ['GET', '/_matrix/client/v3/rooms/!a:b/state/m.room.topic', 'forward'],
    ['GET', '/_matrix/client/v3/pushrules/', 'forward'],
    ['DELETE', '/_matrix/client/versions', 'no: GET'],
    ['GET', '/_matrix/client/v3/voip/turnServer', 'no: '],
    ['GET', '/_synapse/admin/v1/server_version', 'no: '],
    ['POST', '/_matrix/client/v3/createRoom/', 'no: '],
    ['POST', '/_matrix/client/v3/rooms//invite', 'no: '],
    ['PUT', '/_matrix/client/v3/createRoom/1', 'no: '],
  ])('%s %s is %s', (method, path, rule) => {
    expect(ruleOf(method, path)).toBe(rule);
  });

  it('come with their parameters decoded once', () => {
    const found = table.find('PUT', '/_matrix/client/v3/rooms/!a:b/state/m.room.member/%40c%253A:d');
    expect(found).toMatchObject({
      parameters: { roomId: '!a:b', type: 'm.room.member', stateKey: '@c%3A:d' },
    });
  });

  it('with a parameter that is no text lead nowhere', () => {
    expect(ruleOf('PUT', '/_matrix/client/v3/rooms/%ff/state/a/b')).toBe('no: ');
  });

  it('are each in the table once', () => {
    for (const routes of [clientRoutes(), guardedClientRoutes(), federationRoutes()]) {
      const keys = routes.map(({ method, path }) => `${method} ${path.replace(/\{[^}]*\}/g, '{}')}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it.each(clientRoutes().map((route) => [`${route.method} ${route.path}`, route] as const))(
    'know %s',
    (_name, route) => {
      const path = route.path.replace(/\{[^}]*\}/g, 'x');
      expect(table.find(route.method, path)).toMatchObject({ route: { rule: route.rule } });
    },
  );
});

describe('withoutVersion', () => {
  it.each([
    ['/_matrix/client/api/v1/createRoom', '/_matrix/client/v3/createRoom'],
    ['/_matrix/client/r0/createRoom', '/_matrix/client/v3/createRoom'],
    ['/_matrix/client/unstable/createRoom', '/_matrix/client/v3/createRoom'],
    ['/_matrix/client/unstable/org.example.msc1/rooms/!a:b/invite', '/_matrix/client/v3/rooms/!a:b/invite'],
    [
      '/_matrix/client/unstable/org.matrix.msc3916/media/download/a/b',
      '/_matrix/client/v1/media/download/a/b',
    ],
    ['/_matrix/media/r0/download/a/b', '/_matrix/media/v3/download/a/b'],
    ['/_matrix/client/versions', '/_matrix/client/versions'],
    ['/_matrix/federation/v1/version', '/_matrix/federation/v1/version'],
  ])('makes %s %s', (path, expected) => {
    expect(withoutVersion(path)).toBe(expected);
  });
});
