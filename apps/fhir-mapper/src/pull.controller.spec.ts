import { QueueConnection, QueueContext } from '@bridge/queue';
import { PullController } from './pull.controller';
import { PullReader } from './pull-reader';

/** A controller whose pulls are counted; `newest` is the queue's last message when a pull begins. */
function setUp() {
  const world = { newest: 0, pulls: [] as string[], fails: false };
  const reader = {
    pull: async (source: string) => {
      world.pulls.push(source);
      if (world.fails) throw new Error('the FHIR server is away');
      // Comes while the pull is under way: it may tell of something that the pull has not seen.
      world.newest += 1;
      return 0;
    },
  };
  const queue = { lastSequence: async () => world.newest };
  const controller = new PullController(reader as unknown as PullReader, queue as unknown as QueueConnection);
  const notify = (sequence: number, source = 'ehr') =>
    controller.pull({ source }, { sequence } as QueueContext);
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
