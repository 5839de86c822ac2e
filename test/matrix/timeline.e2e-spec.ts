import { EventId, RoomId } from '@bridge/contracts';
import { Homeserver, Rooms } from '@bridge/matrix';
import { type Federation, startFederation } from '../../deploy/local/src/federation';
import { MatrixUser } from '../../deploy/local/src/matrix-user';
import { until } from '../../deploy/local/src/until';
import { call, roomPath } from '../support/client-api';
import { outcomeOfSteps, step } from '../support/step';

/* The timeline of a Room in which people on two homeservers speak at the same time. */

/** In so many of which neither homeserver knows yet what is said on the other. */
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
  let atOnce = 0;
  let round = 0;
  await until(`${rounds} rounds`, async () => {
    if (await speakAtOnce((round += 1))) atOnce += 1;
    return atOnce === rounds;
  });
}, 180_000);

afterAll(async () => {
  await Promise.all([nurse?.stop(), gp?.stop()]);
  await homeserver?.onApplicationShutdown();
  await federation?.stop(outcomeOfSteps());
}, 60_000);

/** @returns whether each homeserver took what was said on it before it heard of the other's */
async function speakAtOnce(round: number): Promise<boolean> {
  const saidByNurse = `nurse ${round}`;
  const saidByGp = `gp ${round}`;
  await Promise.all([nurse.say(roomId, saidByNurse), gp.say(roomId, saidByGp)]);
  const isOwnFirst = async (person: MatrixUser, own: string, other: string): Promise<boolean> => {
    const seen = [await person.waitForMessage(roomId, own), await person.waitForMessage(roomId, other)];
    return person.events.indexOf(seen[0]!) < person.events.indexOf(seen[1]!);
  };
  const ownFirst = await Promise.all([
    isOwnFirst(nurse, saidByNurse, saidByGp),
    isOwnFirst(gp, saidByGp, saidByNurse),
  ]);
  return ownFirst.every(Boolean);
}

const idsOf = (events: readonly { readonly event_id: string }[]) => events.map(({ event_id: id }) => id);

async function wholeTimeline(): Promise<string[]> {
  return idsOf((await rooms.timeline(roomId, undefined, 500)).events);
}

step('leaves out none of what was said at the same time, from whichever event it is read', async () => {
  const whole = await wholeTimeline();
  for (const id of whole.slice(-2 * rounds)) {
    const { upTo, after } = (await rooms.timelineAround(roomId, EventId.parse(id), 40))!;
    const from = whole.indexOf(idsOf(upTo)[0]!);
    expect(idsOf(upTo)).toEqual(whole.slice(from, whole.indexOf(id) + 1));
    expect(upTo.length).toBeGreaterThan(rounds);
    expect(idsOf(after.events)).toEqual(whole.slice(whole.indexOf(id) + 1, from + 40));
  }
});

step('is not what /context alone tells, on which nothing may rest', async () => {
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
