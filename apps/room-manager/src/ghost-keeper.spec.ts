import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import { type Ghosts, MatrixRefusal, type Members, type Rooms } from '@bridge/matrix';
import type { Participant, ParticipantStore, RoomMembershipStore } from '@bridge/persistence';
import { GhostKeeper } from './ghost-keeper';

const roomId = RoomId.parse('!room');
const ghostUserId = UserId.parse('@_fhir_bridge_0f:care.example');
const person: Participant = {
  fhirRef: FhirRef.parse('RelatedPerson/r1'),
  accountUserId: null,
  ghostUserId,
  ghostReady: false,
  displayName: 'Ruben de Wit · son',
  ghostName: null,
  ghostAvatar: null,
  mapping: { fhirRef: FhirRef.parse('RelatedPerson/r1') },
  roleText: null,
};
const ready: Participant = { ...person, ghostReady: true, ghostName: person.displayName, ghostAvatar: 'RW' };

/** A homeserver that notes what it is asked, each answer a moment later. */
class World {
  readonly journal: string[] = [];
  refuses: Record<string, string> = {};
  cached: string | undefined;
  readonly keeper: GhostKeeper;

  constructor() {
    const does = (what: string) => async () => {
      this.journal.push(what);
      await Promise.resolve();
      const errcode = this.refuses[what];
      if (errcode) throw new MatrixRefusal(errcode, 403, what);
    };
    const join = async () => {
      const before = this.journal.includes('invite');
      this.journal.push('join');
      if (this.refuses.join && !before) throw new MatrixRefusal(this.refuses.join, 403, 'join');
    };
    this.keeper = new GhostKeeper(
      {
        register: does('register'),
        ensureDevice: does('device'),
        setDisplayName: does('name'),
        setAvatar: does('avatar'),
      } as unknown as Ghosts,
      { join, invite: does('invite') } as unknown as Rooms,
      { leave: does('leave') } as unknown as Members,
      { ghostIsReady: does('note ready') } as unknown as ParticipantStore,
      {
        find: async () => this.cached,
        note: async (_room: string, _user: string, membership: string) => {
          this.journal.push(`note ${membership}`);
        },
      } as unknown as RoomMembershipStore,
    );
  }
}

it('a ghost is made once, however many want it at the same time', async () => {
  const { keeper, journal } = new World();
  await Promise.all(Array.from({ length: 20 }, () => keeper.ensure(person)));
  expect(journal).toEqual(['register', 'device', 'name', 'avatar', 'note ready']);
});

it('a ghost whose making failed is tried again by the next who wants it', async () => {
  const world = new World();
  world.refuses.register = 'M_FORBIDDEN';
  const tries = await Promise.allSettled([world.keeper.ensure(person), world.keeper.ensure(person)]);
  expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  world.refuses = {};
  await world.keeper.ensure(person);
  expect(world.journal).toEqual(['register', 'register', 'device', 'name', 'avatar', 'note ready']);
});

it('nothing is asked of the homeserver for a ghost that is as it should be', async () => {
  const { keeper, journal } = new World();
  await keeper.ensure(ready);
  expect(journal).toEqual([]);
});

it.each<[string, Partial<Participant>, string[]]>([
  ['a new name', { displayName: 'Ruben Wit · son' }, ['name', 'note ready']],
  ['other initials', { displayName: 'Tom Wit · son' }, ['name', 'avatar', 'note ready']],
  ['another role', { displayName: 'Ruben de Wit · brother' }, ['name', 'note ready']],
  ['an avatar that was never made', { ghostAvatar: null }, ['avatar', 'note ready']],
])('%s is all that is written', async (_words, more, journal) => {
  const world = new World();
  await world.keeper.ensure({ ...ready, ...more });
  expect(world.journal).toEqual(journal);
});

it('a patient has no initials', async () => {
  const { keeper, journal } = new World();
  const patient = { ...person, fhirRef: FhirRef.parse('Patient/p'), displayName: 'Patient' };
  await keeper.ensure(patient);
  expect(journal).toEqual(['register', 'device', 'name', 'note ready']);
});

it('a homeserver that takes no files does not keep a ghost from talking', async () => {
  const world = new World();
  world.refuses.avatar = 'M_FORBIDDEN';
  await world.keeper.ensure(person);
  expect(world.journal).toContain('note ready');
});

it('a ghost that is known to be in a Room costs no call', async () => {
  const world = new World();
  world.cached = 'join';
  await world.keeper.ensureJoined(roomId, ready);
  expect(world.journal).toEqual([]);
});

it('a ghost that can join does so without an invite', async () => {
  const { keeper, journal } = new World();
  await keeper.ensureJoined(roomId, ready);
  expect(journal).toEqual(['join', 'note join']);
});

it('a ghost that may not join is invited first', async () => {
  const world = new World();
  world.refuses.join = 'M_FORBIDDEN';
  await world.keeper.ensureJoined(roomId, ready);
  expect(world.journal).toEqual(['join', 'invite', 'join', 'note join']);
});

it('what is known of a Room is not believed once the homeserver has said otherwise', async () => {
  const world = new World();
  world.cached = 'join';
  world.refuses.join = 'M_FORBIDDEN';
  await Promise.all([world.keeper.join(roomId, ready), world.keeper.join(roomId, ready)]);
  expect(world.journal).toEqual(['join', 'invite', 'join', 'note join']);
});

it('a ghost that is out already is noted as that', async () => {
  const world = new World();
  world.refuses.leave = 'M_FORBIDDEN';
  await world.keeper.leave(roomId, ghostUserId);
  expect(world.journal).toEqual(['leave', 'note leave']);
});

it("the bot's device is made once per process", async () => {
  const { keeper, journal } = new World();
  await Promise.all([keeper.ensureDevice(ghostUserId), keeper.ensureDevice(ghostUserId)]);
  await keeper.ensureDevice(ghostUserId);
  expect(journal).toEqual(['register', 'device']);
});
