import type { RegisteredUser } from '../../deploy/local/src/register-user';
import { type ClientRule, clientRoutes } from '../../apps/messenger-proxy/src/routes/client-routes';
import { federationRoutes } from '../../apps/messenger-proxy/src/routes/federation-routes';
import type { Route } from '../../apps/messenger-proxy/src/routes/route-table';
import { filledPath } from './filled-path';
import { OTHER_CALLS, type OffTable, callsBeside } from './off-table';
import { type PlainAnswer, PlainCaller, errcodeOf } from './plain-call';
import { type Party, type ProxiedFederation, startProxiedFederation } from './proxied-federation';
import { refusedDuring } from './refusals';

/** Every call of clients under the profile `tim`: what the table has comes through, and nothing beside it. */
const routes = clientRoutes();
const named = (wanted: readonly Route<ClientRule>[]) =>
  wanted.map((route) => [`${route.method} ${route.path}`, route] as const);
const table: readonly Route[] = [
  ...routes,
  ...federationRoutes(),
  { method: 'GET', path: '/.well-known/matrix/server', rule: 'well-known' },
];

jest.setTimeout(60_000);

let federation: ProxiedFederation;
let caller: PlainCaller;
let vvt: Party;
/** Whom the calls log out. */
let leaver: RegisteredUser;

beforeAll(async () => {
  federation = await startProxiedFederation({
    PROXY_PROFILE: 'tim',
    PROXY_CONTACTS_PORT: '0',
    PROXY_INFORMATION_PORT: '0',
    PROXY_SUPPORT_PAGE: 'https://help.example',
  });
  caller = new PlainCaller(federation.authorityPem);
  ({ vvt } = federation.parties);
  leaver = await vvt.homeserver.registerUser('leaver', 'a password of some length');
}, 180_000);

afterAll(async () => {
  caller?.close();
  await federation?.stop();
}, 60_000);

function valuesFor(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { serverName, person } = vvt;
  return {
    roomId: `!room:${serverName}`,
    room: `#room:${serverName}`,
    roomAlias: `#room:${serverName}`,
    eventId: '$event',
    userId: person.userId,
    serverName,
    mediaId: 'abc',
    type: 'm.room.topic',
    txnId: '1',
    ...more,
  };
}

async function as(
  { accessToken }: { accessToken: string },
  method: string,
  path: string,
  content?: object,
): Promise<PlainAnswer> {
  return caller.call(vvt.publicUrl, {
    method,
    path,
    content,
    headers: { authorization: `Bearer ${accessToken}` },
  });
}

/** A message that its sender may still redact. */
async function saidJustNow(): Promise<{ roomId: string; eventId: string }> {
  const made = await as(vvt.person, 'POST', '/_matrix/client/v3/createRoom', {});
  const { room_id: roomId } = JSON.parse(made.text) as { room_id: string };
  const path = filledPath('/_matrix/client/v3/rooms/{roomId}/send/m.room.message/1', { roomId });
  const said = await as(vvt.person, 'PUT', path, { msgtype: 'm.text', body: 'hello' });
  return { roomId, eventId: (JSON.parse(said.text) as { event_id: string }).event_id };
}

/** Of the rules that ask something of the body. */
function contentFor({ rule }: Route<ClientRule>): object {
  const contents: Partial<Record<ClientRule, object>> = {
    invite: { user_id: federation.parties.huisarts.person.userId },
    upgrade: { new_version: '10' },
    send: { msgtype: 'm.text', body: 'hello' },
    presence: { presence: 'online', status_msg: 'here' },
  };
  return contents[rule] ?? {};
}

describe('a call of the table', () => {
  it.each(named(routes))('comes through: %s', async (_name, route) => {
    const who = route.rule === 'logout' ? leaver : vvt.person;
    const path = filledPath(route.path, valuesFor(route.rule === 'redact' ? await saidJustNow() : {}));
    const content = route.method === 'GET' ? undefined : contentFor(route);
    const query = /\/(sync|events)$/.test(path) ? '?timeout=0' : '';
    const { rules } = await refusedDuring(vvt, 'inbound', () => as(who, route.method, path + query, content));
    expect(rules).toEqual([]);
  });

  it.each(named(routes.filter(({ rule }) => rule === 'media')))(
    'gives no file of a homeserver outside of the list: %s',
    async (_name, { method, path }) => {
      const { serverName } = federation.parties.stranger;
      const asked = { method, path: filledPath(path, valuesFor({ serverName })) };
      const asClient = () => as(vvt.person, asked.method, asked.path);
      // As homeservers asked before there was a call of theirs for it: without a proof.
      const asHomeserver = () => caller.call(vvt.publicUrl, asked);
      for (const ask of [asClient, asHomeserver]) {
        const { result, rules } = await refusedDuring(vvt, 'inbound', ask);
        expect([result.status, errcodeOf(result), rules]).toEqual([403, 'M_FORBIDDEN', ['not-listed']]);
      }
    },
  );
});

describe('a call beside the table', () => {
  async function answerTo({ method, path }: OffTable): Promise<unknown> {
    const { result, rules } = await refusedDuring(vvt, 'inbound', () => as(vvt.person, method, path));
    return { status: result.status, rules };
  }

  /** What is not in the table, whatever the homeserver would make of it. */
  const REFUSALS = [
    { status: 400, rules: ['path'] },
    { status: 404, rules: ['unknown-path'] },
    { status: 405, rules: ['unknown-method'] },
  ];

  it.each(named(routes))('goes no further: beside %s', async (_name, route) => {
    const letThrough: unknown[] = [];
    for (const call of callsBeside(route, filledPath(route.path, valuesFor()), table)) {
      const answer = await answerTo(call);
      if (!REFUSALS.some((each) => JSON.stringify(each) === JSON.stringify(answer)))
        letThrough.push({ call, answer });
    }
    expect(letThrough).toEqual([]);
  });

  it.each(OTHER_CALLS)('goes no further: $method $path', async (call) => {
    expect(REFUSALS).toContainEqual(await answerTo(call));
  });
});
