import { generateKeyPairSync } from 'node:crypto';
import { ProxyAgent, request } from 'undici';
import { MessengerProxy } from '../../apps/messenger-proxy/src/messenger-proxy';
import {
  type FederationRule,
  federationRoutes,
} from '../../apps/messenger-proxy/src/routes/federation-routes';
import type { Route } from '../../apps/messenger-proxy/src/routes/route-table';
import { filledPath } from './filled-path';
import { type HomeserverKey, keyOf, signerWith, xMatrixOf } from './homeserver-key';
import { type PlainAnswer, PlainCaller, errcodeOf } from './plain-call';
import { type Party, type ProxiedFederation, startProxiedFederation } from './proxied-federation';
import { refusedDuring } from './refusals';

/**
 * Every call of homeservers, both ways: between homeservers of the list it comes through, and nothing of it to or from one
 * outside of it.
 */
const routes = federationRoutes();
const named = (wanted: readonly Route<FederationRule>[]) =>
  wanted.map((route) => [`${route.method} ${route.path}`, route] as const);

/** Calls that carry a proof of who makes them. */
const proven = routes.filter(({ rule }) =>
  ['server', 'transaction', 'federation-invite', 'membership'].includes(rule),
);
/** Calls that say whose keys they want, and not who makes them. */
const about = routes.filter(({ rule }) => rule === 'notary');
const open = routes.filter(({ rule }) => rule === 'forward');
/** By the rule in the table: what a refusal is counted as. */
const CLOSED: Partial<Record<FederationRule, string>> = {
  'refuse-public-rooms': 'public-rooms',
  'refuse-address-invite': 'invite-3pid',
};
const closed = routes.filter(({ rule }) => CLOSED[rule] !== undefined);
/** How files were asked for before there was a call of homeservers for it: without a proof, as clients did. */
const legacyMedia = ['v3', 'r0'].flatMap((version) =>
  ['download', 'thumbnail'].map((what): Route<FederationRule> => ({
    method: 'GET',
    path: `/_matrix/media/${version}/${what}/{serverName}/{mediaId}`,
    rule: 'forward',
  })),
);

jest.setTimeout(60_000);

let federation: ProxiedFederation;
let caller: PlainCaller;

beforeAll(async () => {
  federation = await startProxiedFederation();
  caller = new PlainCaller(federation.authorityPem);
}, 180_000);

afterAll(async () => {
  caller?.close();
  await federation?.stop();
}, 60_000);

/** A call as a homeserver makes it. @param subject the homeserver whose keys are asked for */
function exampleOf(
  { method, path, rule }: Route<FederationRule>,
  { from, to, subject }: { from: Party; to: Party; subject: Party },
): { method: string; path: string; content?: object } {
  const values = {
    roomId: `!room:${from.serverName}`,
    eventId: '$event',
    userId: from.person.userId,
    serverName: subject.serverName,
    keyId: keyOf(subject).id,
    mediaId: 'abc',
    txnId: '1',
  };
  const filled = filledPath(path, values);
  return method === 'GET'
    ? { method, path: filled }
    : { method, path: filled, content: contentOf(rule, path, { from, to, subject }) };
}

function contentOf(
  rule: FederationRule,
  path: string,
  { from, to, subject }: { from: Party; to: Party; subject: Party },
): object {
  const event = {
    type: 'm.room.member',
    room_id: `!room:${from.serverName}`,
    sender: from.person.userId,
    state_key: to.person.userId,
    content: { membership: 'invite' },
  };
  if (rule === 'notary') return { server_keys: { [subject.serverName]: {} } };
  if (rule === 'transaction') return { origin: from.serverName, origin_server_ts: 1, pdus: [], edus: [] };
  if (rule === 'membership') {
    return {
      ...event,
      state_key: event.sender,
      content: { membership: path.includes('leave') ? 'leave' : 'join' },
    };
  }
  if (rule !== 'federation-invite') return {};
  return path.includes('/v2/') ? { room_version: '10', event, invite_room_state: [] } : event;
}

describe('on the way in', () => {
  function call(
    route: Route<FederationRule>,
    from: Party,
    {
      subject = from,
      key = keyOf(from),
      destination,
    }: { subject?: Party; key?: HomeserverKey; destination?: string } = {},
  ): Promise<{ result: PlainAnswer; rules: string[] }> {
    const to = federation.parties.vvt;
    const example = exampleOf(route, { from, to, subject });
    const authorization = xMatrixOf(
      { ...example, origin: from.serverName, destination: destination ?? to.serverName },
      key,
    );
    const isOfFederation = route.path.startsWith('/_matrix/federation/');
    return refusedDuring(to, 'inbound', () =>
      caller.call(to.publicUrl, { ...example, headers: isOfFederation ? { authorization } : {} }),
    );
  }

  it.each(named([...proven, ...about, ...open]))(
    'a homeserver of the list is let in at %s',
    async (_name, route) => {
      const { rules } = await call(route, federation.parties.huisarts);
      expect(rules).toEqual([]);
    },
  );

  it.each(named(proven))('nobody else is at %s', async (_name, route) => {
    const { apotheek, huisarts, stranger } = federation.parties;
    const outside = await call(route, stranger);
    expect([outside.result.status, errcodeOf(outside.result), outside.rules]).toEqual([
      403,
      'M_FORBIDDEN',
      ['not-listed'],
    ]);
    const forged = { id: keyOf(huisarts).id, sign: signerWith(generateKeyPairSync('ed25519').privateKey) };
    const pretended = await call(route, huisarts, { key: forged });
    expect([pretended.result.status, pretended.rules]).toEqual([401, ['signature']]);
    const forAnother = await call(route, huisarts, { destination: apotheek.serverName });
    expect([forAnother.result.status, forAnother.rules]).toEqual([401, ['destination']]);
  });

  it.each(named(proven))('nobody is at %s without a proof', async (_name, route) => {
    const { vvt, huisarts } = federation.parties;
    const example = exampleOf(route, { from: huisarts, to: vvt, subject: huisarts });
    const { result, rules } = await refusedDuring(vvt, 'inbound', () => caller.call(vvt.publicUrl, example));
    expect([result.status, errcodeOf(result), rules]).toEqual([401, 'M_UNAUTHORIZED', ['x-matrix']]);
  });

  it.each(named(about))('nothing of another homeserver is given out at %s', async (_name, route) => {
    const { stranger } = federation.parties;
    const { result, rules } = await call(route, stranger);
    expect([result.status, errcodeOf(result), rules]).toEqual([403, 'M_FORBIDDEN', ['not-listed']]);
  });

  it.each(named(closed))('nobody at all is let in at %s', async (_name, route) => {
    const { huisarts, stranger } = federation.parties;
    for (const from of [huisarts, stranger]) {
      const { result, rules } = await call(route, from);
      expect([result.status, rules]).toEqual([403, [CLOSED[route.rule]]]);
    }
  });

  it.each(named(legacyMedia))(
    'files of homeservers of the list alone are told without a proof: %s',
    async (_name, route) => {
      const { vvt, huisarts, stranger } = federation.parties;
      const refused = await call(route, huisarts, { subject: stranger });
      expect([refused.result.status, refused.rules]).toEqual([403, ['not-listed']]);
      for (const subject of [vvt, huisarts]) {
        const { rules } = await call(route, stranger, { subject });
        expect(rules).toEqual([]);
      }
    },
  );

  it('calls without a proof tell our own keys, and nothing without a token of somebody here', async () => {
    expect(open.map(({ path }) => path)).toEqual([
      '/_matrix/key/v2/server',
      '/_matrix/key/v2/server/{keyId}',
      '/_matrix/federation/v1/openid/userinfo',
    ]);
    const { vvt, stranger } = federation.parties;
    for (const route of open) {
      const { result } = await call(route, stranger, { subject: vvt });
      if (route.path.includes('openid')) expect(result.status).toBe(401);
      else expect(JSON.parse(result.text)).toMatchObject({ server_name: vvt.serverName });
    }
  });
});

describe('on the way out', () => {
  const outward = [...routes, ...legacyMedia];
  let way: ProxyAgent;

  beforeAll(() => {
    const port = federation.parties.vvt.proxy!.get(MessengerProxy).outboundPort();
    way = new ProxyAgent({
      uri: `http://127.0.0.1:${port}`,
      requestTls: { ca: federation.outboundAuthorityPem },
    });
  });

  afterAll(() => way.destroy());

  /** As our homeserver calls. @param to where the connection leads @param named whom the call says it is for */
  async function call(
    route: Route<FederationRule>,
    to: Party,
    named = to,
  ): Promise<{ result: number | 'no connection'; rules: string[] }> {
    const { vvt } = federation.parties;
    const { method, path, content } = exampleOf(route, { from: vvt, to: named, subject: named });
    const authorization = xMatrixOf(
      { method, path, content, origin: vvt.serverName, destination: named.serverName },
      keyOf(vvt),
    );
    const url = `https://${to.serverName}${path}`;
    return refusedDuring(vvt, 'outbound', async () => {
      try {
        const { statusCode, body } = await request(url, {
          dispatcher: way,
          method: method as 'GET',
          headers: {
            ...(path.startsWith('/_matrix/federation/') && { authorization }),
            ...(content && { 'content-type': 'application/json' }),
          },
          body: content && JSON.stringify(content),
        });
        await body.dump();
        return statusCode;
      } catch {
        return 'no connection';
      }
    });
  }

  it.each(named(outward))(
    '%s comes to a homeserver of the list, and through its proxy',
    async (_name, route) => {
      const { huisarts } = federation.parties;
      const arrived = await refusedDuring(huisarts, 'inbound', () => call(route, huisarts));
      expect(arrived.result).toEqual({ result: expect.any(Number) as number, rules: [] });
      expect(arrived.rules).toEqual([CLOSED[route.rule]].filter((rule) => rule !== undefined));
    },
  );

  it.each(named(outward))('%s comes to no other homeserver', async (_name, route) => {
    expect(await call(route, federation.parties.stranger)).toEqual({
      result: 'no connection',
      rules: ['not-listed'],
    });
  });

  it.each(named(outward.filter(({ path }) => !path.startsWith('/_matrix/key/'))))(
    '%s goes nowhere on a connection of another homeserver',
    async (_name, route) => {
      const { apotheek, huisarts, stranger } = federation.parties;
      expect(await call(route, huisarts, stranger)).toEqual({ result: 403, rules: ['not-listed'] });
      expect(await call(route, huisarts, apotheek)).toEqual({ result: 403, rules: ['destination'] });
    },
  );
});
