import { BacklogGate } from './backlog-gate';

let over: AbortController;
let waiting: number | Error;
let looks: number;
let gate: BacklogGate;

beforeEach(() => {
  over = new AbortController();
  waiting = 0;
  looks = 0;
  const backlog = async (): Promise<number> => {
    looks += 1;
    if (waiting instanceof Error) throw waiting;
    return waiting;
  };
  gate = new BacklogGate(backlog, { most: 10, everyMs: 1, signal: over.signal });
});

afterEach(() => over.abort());

/** Once the backlog has been looked at, as it is now. */
async function looked(): Promise<void> {
  const enough = looks + 2;
  while (looks < enough) await new Promise(setImmediate);
}

async function isOpen(): Promise<boolean> {
  const passed = gate.pass().then(() => true);
  await looked();
  return Promise.race([passed, Promise.resolve(false)]);
}

it('is open up to so many messages, closed with more, and open again', async () => {
  waiting = 10;
  await looked();
  expect(await isOpen()).toBe(true);
  waiting = 11;
  await looked();
  expect(await isOpen()).toBe(false);
  const passed = gate.pass();
  waiting = 3;
  await passed;
});

it('stays as it is while the backlog cannot be had', async () => {
  waiting = new Error('the queue is away');
  await looked();
  expect(await isOpen()).toBe(true);
  waiting = 11;
  await looked();
  waiting = new Error('the queue is away');
  await looked();
  expect(await isOpen()).toBe(false);
});

it('keeps nobody when the run is over', async () => {
  waiting = 11;
  await looked();
  const passed = gate.pass();
  over.abort();
  await passed;
});
