import type { CareTeam, Practitioner } from '@medplum/fhirtypes';
import { bridgeProcesses, urlOf } from '../../deploy/local/src/bridge';
import { freePorts } from '../../deploy/local/src/free-port';
import type { MatrixUser } from '../../deploy/local/src/matrix-user';
import { recordOf } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { metricOf } from '../support/metric';

/* What the homeserver and the bridge say to each other beside events, on real Synapse. */

// Several servers and the queue are between an event and what it does; each wait has its own, shorter bound.
jest.setTimeout(90_000);

const silenceMs = 2_000;
const uzi = 'http://fhir.nl/fhir/NamingSystem/uzi-nr-pers|900021323';

let conversation: CareConversation;

beforeAll(async () => {
  conversation = await startCareConversation({
    homeservers: 'vvt',
    settings: { MATRIX_AS_SILENCE_MS: String(silenceMs) },
  });
}, 180_000);

afterAll(() => conversation?.stop(), 30_000);

/** As a person's client asks their homeserver. */
async function ask({ clientUrl, account }: MatrixUser, path: string, method = 'GET', body?: object) {
  const answer = await fetch(`${clientUrl}/_matrix/client/v3${path}`, {
    method,
    headers: { authorization: `Bearer ${account.accessToken}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: await answer.json() };
}

/** As the homeserver asks the bridge. */
async function askBridge(path: string): Promise<unknown> {
  const { hsToken } = conversation.stack.environment;
  const answer = await fetch(`${urlOf('as-ingress', conversation.stack.environment)}/_matrix/app/v1${path}`, {
    headers: { authorization: `Bearer ${hsToken}` },
  });
  return answer.json();
}

async function nurseFinds(path: string): Promise<unknown> {
  return (await ask(conversation.network.nurse.matrix, `/thirdparty/${path}`)).json;
}

/** @param line of the metrics of as-ingress */
const ingress = (line: string): Promise<number> =>
  metricOf(urlOf('as-ingress', conversation.stack.environment), line);

const found = (userid: string, reference: string): object => ({
  userid,
  protocol: 'fhir',
  fields: { reference },
});

describe('third-party lookups through the homeserver', () => {
  it('the protocol "fhir" is offered to clients', async () => {
    expect(await nurseFinds('protocols')).toMatchObject({
      fhir: { user_fields: ['reference', 'identifier'], location_fields: ['careTeam'] },
    });
  });

  it('a professional is found by FHIR reference', async () => {
    const { gp } = conversation.network;
    const reference = `Practitioner/${gp.resource.id}`;
    expect(await nurseFinds(`user/fhir?reference=${reference}`)).toEqual([
      found(gp.matrix.userId, reference),
    ]);
  });

  it('a professional is found by UZI number', async () => {
    const { fhir, gp } = conversation.network;
    const [system, value] = uzi.split('|') as [string, string];
    await fhir.update<Practitioner>({ ...gp.resource, identifier: [{ system, value }] });
    // People are read again with the care team that they are in.
    await fhir.update<CareTeam>({ ...conversation.thread.team, name: 'Changed' });
    const listed = await until('the number', async () => {
      const answer = (await nurseFinds(`user/fhir?identifier=${encodeURIComponent(uzi)}`)) as object[];
      return answer.length > 0 && answer;
    });
    expect(listed).toEqual([found(gp.matrix.userId, `Practitioner/${gp.resource.id}`)]);
  });

  it('somebody without an account is found as their ghost', async () => {
    const reference = `RelatedPerson/${conversation.network.carer.id}`;
    const [ghost] = (await nurseFinds(`user/fhir?reference=${reference}`)) as [{ userid: string }];
    expect(ghost).toEqual(found(ghost.userid, reference));
    const said = (await conversation.network.nurse.matrix.history(conversation.thread.roomId)).find(
      ({ content }) => content.body === 'How is she today?',
    );
    expect(ghost.userid).toBe(said?.sender);
    expect(await askBridge(`/thirdparty/user?userid=${encodeURIComponent(ghost.userid)}`)).toEqual([ghost]);
  });

  it('a patient is never found', async () => {
    expect(await nurseFinds(`user/fhir?reference=Patient/${conversation.network.patient.id}`)).toEqual([]);
  });

  it('the Space of a care team is found by the CareTeam, and the care team by the alias', async () => {
    const { thread, network } = conversation;
    const careTeam = `CareTeam/${thread.team.id}`;
    const [location] = (await nurseFinds(`location/fhir?careTeam=${careTeam}`)) as [{ alias: string }];
    expect(location).toEqual({ alias: location.alias, protocol: 'fhir', fields: { careTeam } });
    const alias = encodeURIComponent(location.alias);
    const directory = await ask(network.nurse.matrix, `/directory/room/${alias}`);
    expect(directory.json).toMatchObject({ room_id: thread.spaceId });
    expect(await askBridge(`/thirdparty/location?alias=${alias}`)).toEqual([location]);
  });

  it('what nobody knows is an empty list', async () => {
    expect(await nurseFinds('user/fhir?reference=Practitioner/nobody')).toEqual([]);
    expect(await nurseFinds('location/fhir?careTeam=CareTeam/none')).toEqual([]);
  });
});

describe('lookups of the homeserver', () => {
  it('an alias of the namespace that nobody was given is answered with "not found"', async () => {
    const before = await ingress('bridge_as_requests_total{token="current"}');
    const alias = encodeURIComponent(`#_fhir_bridge_none:${conversation.stack.environment.serverName}`);
    const { status } = await ask(conversation.network.nurse.matrix, `/directory/room/${alias}`);
    expect(status).toBe(404);
    expect(await ingress('bridge_as_requests_total{token="current"}')).toBeGreaterThan(before);
  });
});

describe('ephemeral events', () => {
  it('a read receipt from another homeserver is queued and worked on', async () => {
    const { thread, network } = conversation;
    const { eventId } = await network.nurse.matrix.say(thread.roomId, 'Read this.');
    await network.gp.matrix.waitForMessage(thread.roomId, 'Read this.');
    const [room, event] = [thread.roomId, eventId].map(encodeURIComponent);
    await ask(network.gp.matrix, `/rooms/${room}/receipt/m.read/${event}`, 'POST', {});
    await until('the receipt in the queue', async () => (await ingress('bridge_as_receipts_total')) >= 1);
    const mapper = urlOf('fhir-mapper', conversation.stack.environment);
    const line = 'bridge_queue_handled_total{kind="matrix.m.receipt",outcome="done"}';
    await until('the receipt to be worked on', async () => (await metricOf(mapper, line)) >= 1);
  });

  it('typing is dropped and counted', async () => {
    const { thread, network } = conversation;
    const [room, user] = [thread.roomId, network.nurse.matrix.userId].map(encodeURIComponent);
    const body = { typing: true, timeout: 1_000 };
    await ask(network.nurse.matrix, `/rooms/${room}/typing/${user}`, 'PUT', body);
    await until('typing', async () => (await ingress('bridge_as_ignored_total{part="typing"}')) >= 1);
  });
});

describe('the watchdog', () => {
  const details = async (port: number): Promise<{ status: number; transactions: string }> => {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`);
    const { details } = (await answer.json()) as { details: { transactions: string } };
    return { status: answer.status, ...details };
  };

  it('silence makes the homeserver ping the bridge, until a transaction ends it', async () => {
    const port = conversation.stack.environment.ports['as-ingress'];
    const { transactions } = await until('a ping', async () => {
      const answer = await details(port);
      return answer.transactions.endsWith('; the homeserver reaches this bridge') && answer;
    });
    const last = transactions.split(';')[0];
    expect(await ingress('bridge_as_silence_pings_total{outcome="reached"}')).toBeGreaterThan(0);
    expect(await ingress('bridge_as_silence_pings_total{outcome="failed"}')).toBe(0);

    await conversation.network.nurse.matrix.say(conversation.thread.roomId, 'Is anybody there?');
    await until('the transaction', async () => (await details(port)).transactions.split(';')[0] !== last);
  });

  it('a homeserver that does not know the bridge is told of, and the bridge stays ready', async () => {
    const [port] = (await freePorts(1)) as [number];
    const { environment } = conversation.stack;
    const forgotten = bridgeProcesses({
      ...environment,
      ports: { ...environment.ports, 'as-ingress': port },
      settings: { MATRIX_AS_ID: 'registered-nowhere', MATRIX_AS_SILENCE_MS: '1000' },
    })['as-ingress'];
    await forgotten.start();
    try {
      const { status } = await until('the failed ping', async () => {
        const answer = await details(port);
        return answer.transactions.includes('does not reach this bridge') && answer;
      });
      expect(status).toBe(200);
      const told = await until('the log', async () => {
        const lines = forgotten.logTail(50).split('\n');
        return lines.find((line) => line.includes('No transaction for a while, and'));
      });
      expect(JSON.parse(told)).toMatchObject({
        level: 'error',
        advice: expect.stringContaining('registration file') as string,
      });
    } finally {
      await forgotten.stop();
    }
  }, 60_000);
});

describe('the hs_token', () => {
  it('is changed without a pause: the previous one is accepted until the homeserver uses the new one', async () => {
    const { stack, network, thread } = conversation;
    const { environment } = stack;
    const rotated = bridgeProcesses({
      ...environment,
      settings: { MATRIX_HS_TOKEN: 'n'.repeat(64), MATRIX_HS_TOKEN_PREVIOUS: environment.hsToken },
    })['as-ingress'];
    await stack.bridge['as-ingress'].stop();
    await rotated.start();
    try {
      const { eventId } = await network.gp.matrix.say(thread.roomId, 'Sent with the previous token.');
      await recordOf(network, eventId);
      expect(await ingress('bridge_as_requests_total{token="previous"}')).toBeGreaterThan(0);
      expect(await ingress('bridge_as_requests_total{token="wrong"}')).toBe(0);
    } finally {
      await rotated.stop();
      await stack.bridge['as-ingress'].start();
    }
  }, 90_000);
});
