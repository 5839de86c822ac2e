import { QueueConnection, QueueContext } from '@bridge/queue';
import type { FhirRef } from '@bridge/contracts';
import { DeletionReader } from './deletion-reader';
import { PullController } from './pull.controller';
import { PullReader } from './pull-reader';

/** A controller whose pulls are counted; `newest` is the queue's last message when a pull begins. */
function setUp() {
  const world = {
    newest: 0,
    pulls: [] as string[],
    swept: [] as string[],
    looked: [] as string[],
    fails: false,
  };
  const reader = {
    pull: async (source: string, types?: readonly string[]) => {
      world.pulls.push([source, ...(types ?? [])].join(' '));
      if (world.fails) throw new Error('the FHIR server is away');
      // Comes while the pull is under way: it may tell of something that the pull has not seen.
      world.newest += 1;
      return 0;
    },
  };
  const deletions = {
    sweep: async (source: string) => void world.swept.push(source),
    look: async (refs: readonly FhirRef[]) => void world.looked.push(...refs),
  };
  const queue = { lastSequence: async () => world.newest };
  const controller = new PullController(
    reader as unknown as PullReader,
    deletions as unknown as DeletionReader,
    queue as unknown as QueueConnection,
  );
  const notify = (sequence: number, source = 'ehr', more: { types?: string[]; gone?: FhirRef[] } = {}) =>
    controller.pull({ source, ...more }, { sequence } as QueueContext);
  return { world, notify };
}

it('one pull answers all the notifications that waited when it began', async () => {
  const { world, notify } = setUp();
  world.newest = 5;
  for (const sequence of [1, 3, 5]) await notify(sequence);
  expect(world.pulls).toEqual(['ehr']);
});

it('a notification that came while a pull was under way is answered by another one', async () => {
  const { world, notify } = setUp();
  world.newest = 5;
  await notify(5);
  await notify(6);
  expect(world.pulls).toHaveLength(2);
});

it('a notification of no type has nothing read; what is gone is looked for all the same', async () => {
  const { world, notify } = setUp();
  await notify(1, 'ehr', { types: [], gone: ['Task/1' as FhirRef] });
  expect(world).toMatchObject({ pulls: [], looked: ['Task/1'] });
});

it('the notifications of one source say nothing of another', async () => {
  const { world, notify } = setUp();
  world.newest = 5;
  await notify(4, 'ehr');
  await notify(5, 'lab');
  expect(world.pulls).toEqual(['ehr', 'lab']);
});

it('a pull that failed has answered nothing', async () => {
  const { world, notify } = setUp();
  Object.assign(world, { newest: 5, fails: true });
  await expect(notify(1)).rejects.toThrow('away');
  world.fails = false;
  await notify(1);
  expect(world.pulls).toHaveLength(2);
});

it('its own notification is answered, though the queue does not tell its number yet', async () => {
  const { world, notify } = setUp();
  await notify(7);
  await notify(7);
  expect(world.pulls).toHaveLength(1);
});

describe('notifications that name types', () => {
  const types = ['CareTeam'];

  it('have those read, and no others; the histories are left to the pulls of everything', async () => {
    const { world, notify } = setUp();
    await notify(1, 'ehr', { types: ['CareTeam', 'Task'] });
    expect(world).toMatchObject({ pulls: ['ehr CareTeam Task'], swept: [] });
    await notify(2);
    expect(world.swept).toEqual(['ehr']);
  });

  it('are answered by a later pull of everything, or by pulls of all that they name', async () => {
    const { world, notify } = setUp();
    world.newest = 5;
    await notify(1, 'ehr', { types });
    await notify(2, 'ehr', { types });
    expect(world.pulls).toEqual(['ehr CareTeam']);
    await notify(3, 'ehr', { types: ['CareTeam', 'Task'] });
    expect(world.pulls).toHaveLength(2);
    await notify(4);
    await notify(5, 'ehr', { types: ['Communication'] });
    expect(world.pulls).toEqual(['ehr CareTeam', 'ehr CareTeam Task', 'ehr']);
  });

  it('answer none that may be about anything, and none of another source', async () => {
    const { world, notify } = setUp();
    world.newest = 5;
    await notify(1, 'ehr', { types });
    await notify(2);
    await notify(3, 'lab', { types });
    expect(world.pulls).toEqual(['ehr CareTeam', 'ehr', 'lab CareTeam']);
  });

  it('and say what is gone have it looked for, though the changes have been read', async () => {
    const { world, notify } = setUp();
    world.newest = 5;
    await notify(1);
    await notify(2, 'ehr', { types, gone: ['CareTeam/1' as FhirRef] });
    expect(world).toMatchObject({ pulls: ['ehr'], looked: ['CareTeam/1'] });
  });
});

describe('notifications that come without end', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('are answered at once, up to three pulls; from then on the pulls wait, so that one answers many', async () => {
    const { world, notify } = setUp();
    for (const sequence of [1, 2, 3]) await notify(sequence);
    expect(world.pulls).toHaveLength(3);
    const fourth = notify(10);
    await jest.advanceTimersByTimeAsync(299);
    expect(world.pulls).toHaveLength(3);
    await jest.advanceTimersByTimeAsync(2);
    await fourth;
    expect(world.pulls).toHaveLength(4);
  });

  it('of one source do not make another wait', async () => {
    const { world, notify } = setUp();
    for (const sequence of [1, 2, 3]) await notify(sequence);
    await notify(10, 'lab');
    expect(world.pulls).toHaveLength(4);
  });
});
