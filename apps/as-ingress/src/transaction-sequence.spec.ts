import { EarlierTransactionMissing, TransactionSequence } from './transaction-sequence';

/** What NATS keeps for the replicas; undefined when it has forgotten it. */
let kept: number | undefined;
const shared = {
  read: async () => kept,
  write: async (value: number) => void (kept = value),
};

let sequence: TransactionSequence;
beforeEach(() => {
  kept = undefined;
  sequence = new TransactionSequence(shared);
});

async function take(txnId: string, by = sequence): Promise<'stored' | 'refused'> {
  try {
    await by.expect(txnId);
  } catch (error) {
    expect(error).toBeInstanceOf(EarlierTransactionMissing);
    return 'refused';
  }
  await by.stored(txnId);
  return 'stored';
}

async function takeAll(...txnIds: string[]): Promise<string[]> {
  const outcomes: string[] = [];
  for (const txnId of txnIds) outcomes.push(await take(txnId));
  return outcomes;
}

it('takes transactions one after the other, wherever they begin', async () => {
  expect(await takeAll('41', '42', '43')).toEqual(['stored', 'stored', 'stored']);
});

it('has the one that was left behind sent first', async () => {
  expect(await takeAll('1', '3', '2', '3')).toEqual(['stored', 'refused', 'stored', 'stored']);
});

it('takes what comes again where nothing was left behind', async () => {
  expect(await takeAll('1', '7', '7', '8')).toEqual(['stored', 'refused', 'stored', 'stored']);
});

it('takes repetitions, and a homeserver that counts from the beginning', async () => {
  expect(await takeAll('8', '9', '9', '8', '1', '2')).toEqual(Array(6).fill('stored'));
  expect(kept).toBe(9);
});

it('takes ids that are no numbers', async () => {
  expect(await takeAll('5', 'm1700', '007', '-1', '1'.repeat(40), '6')).toEqual(Array(6).fill('stored'));
});

it('knows what another replica has stored', async () => {
  const other = new TransactionSequence(shared);
  expect(await take('1')).toBe('stored');
  expect(await take('2', other)).toBe('stored');
  expect(await take('3')).toBe('stored');
  expect(await take('5', other)).toBe('refused');
});

it('takes what comes where NATS has forgotten the number, and no replica knows one', async () => {
  expect(await take('1')).toBe('stored');
  kept = undefined;
  expect(await take('9', new TransactionSequence(shared))).toBe('stored');
});
