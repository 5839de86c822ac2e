import { readTarget } from '../requests/raw-path';
import { guardedClientRoutes, withoutVersion } from '../routes/client-routes';
import { RouteTable, isMatch } from '../routes/route-table';
import { checkInvite } from '../rules/room-events';
import { testGuard } from '../rules/test-guard';

/** Each of these was found by test/proxy/fuzz: Synapse 1.163 on Twisted 26.10 reads it in another way than one would think. */
describe('what Synapse reads in its own way', () => {
  const table = new RouteTable(guardedClientRoutes());
  const ruleOf = (method: string, path: string): string | undefined => {
    const found = table.find(method, withoutVersion(path));
    return isMatch(found) ? found.route.rule : undefined;
  };

  it.each([
    ['PUT', '/_matrix/client/v3/createRoom/', 'create-room'],
    ['PUT', '/_matrix/client/r0/rooms/!r:own.example/invite/', 'invite'],
    ['GET', '/_matrix/media/r0/download/evil.example/abc/', 'media'],
    ['GET', '/_matrix/media/v3/download/evil.example/', 'media'],
    ['GET', '/_matrix/client/v1/media/thumbnail/evil.example/', 'media'],
    ['PUT', '/_matrix/client/v3/rooms/!r:own.example/send/m.room.message/', 'send'],
    ['PUT', '/_matrix/client/v3/rooms/!r:own.example/redact/$e/', 'redact'],
  ])('%s %s: its last part may be empty', (method, path, rule) => {
    expect(ruleOf(method, path)).toBe(rule);
  });

  it('a semicolon in a query is an ampersand', () => {
    expect(readTarget('/_matrix/client/v3/publicRooms?x=1;server=evil.example')).toBeUndefined();
    expect(readTarget('/_matrix/client/v3/publicRooms?x=%3B')).toBeDefined();
  });

  it('an address in an invite comes before the user id beside it', async () => {
    const body = { user_id: '@x:a.example', medium: 'email', address: 'x@evil.example' };
    const guard = testGuard({ listed: ['a.example'] });
    await expect(checkInvite(body, '@me:own.example', guard)).rejects.toMatchObject({ rule: 'invite-3pid' });
  });
});
