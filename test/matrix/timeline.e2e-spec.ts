import { EventId, RoomId } from '@bridge/contracts';
import { Homeserver, Rooms } from '@bridge/matrix';
import { type Federation, startFederation } from '../../deploy/local/src/federation';
import { MatrixUser } from '../../deploy/local/src/matrix-user';
import { call, roomPath } from '../support/client-api';

/* The timeline of a Room in which people on two homeservers speak at the same time. */

const rounds = 8;

let federation: Federation;
let nurse: MatrixUser;
let gp: MatrixUser;
let homeserver: Homeserver;
let rooms: Rooms;
let roomId: RoomId;

beforeAll(async () => {
  federation = await startFederation();
  const { vvt, huisarts } = federation.homeservers;
  const account = await vvt.registerUser('nurse', 'try-me-locally');
  nurse = new MatrixUser(vvt.clientUrl, account);
  gp = new MatrixUser(huisarts.clientUrl, await huisarts.registerUser('gp', 'try-me-locally'));
  await Promise.all([nurse.start(), gp.start()]);
  homeserver = new Homeserver({
    url: vvt.clientUrl,
    asToken: account.accessToken,
    requestTimeoutMs: 30_000,
  });
  rooms = new Rooms(homeserver);
  roomId = RoomId.parse(await nurse.createRoom([gp.userId]));
  await gp.accept(roomId);
  for (let round = 1; round <= rounds; round++) {
    const bodies = [`nurse ${round}`, `gp ${round}`] as const;
    await Promise.all([nurse.say(roomId, bodies[0]), gp.say(roomId, bodies[1])]);
    for (const body of bodies)
      await Promise.all([nurse, gp].map((reader) => reader.waitForMessage(roomId, body)));
  }
}, 180_000);

afterAll(async () => {
  await Promise.all([nurse?.stop(), gp?.stop()]);
  await homeserver?.onApplicationShutdown();
  await federation?.stop();
}, 60_000);

const idsOf = (events: readonly { readonly event_id: string }[]) => events.map(({ event_id: id }) => id);

async function wholeTimeline(): Promise<string[]> {
  return idsOf((await rooms.timeline(roomId, undefined, 500)).events);
}

it('leaves out none of what was said at the same time, from whichever event it is read', async () => {
  const whole = await wholeTimeline();
  for (const id of whole.slice(-2 * rounds)) {
    const { upTo, after } = (await rooms.timelineAround(roomId, EventId.parse(id), 40))!;
    const from = whole.indexOf(idsOf(upTo)[0]!);
    expect(idsOf(upTo)).toEqual(whole.slice(from, whole.indexOf(id) + 1));
    expect(upTo.length).toBeGreaterThan(rounds);
    expect(idsOf(after.events)).toEqual(whole.slice(whole.indexOf(id) + 1, from + 40));
  }
});

it('is not what /context alone tells, on which nothing may rest', async () => {
  const whole = await wholeTimeline();
  const incomplete = [];
  for (const id of whole.slice(-2 * rounds)) {
    const path = `${roomPath(roomId)}/context/${encodeURIComponent(id)}?limit=40`;
    const { events_before: before } = await call<{ events_before: { event_id: string }[] }>(
      nurse,
      'GET',
      path,
    );
    const told = idsOf(before).reverse();
    const there = whole.slice(whole.indexOf(told[0]!), whole.indexOf(id));
    if (told.length < there.length) incomplete.push(id);
  }
  expect(incomplete.length).toBeGreaterThan(0);
});
