import type { NumbersSeen } from './numbers-seen';
import type { StubAnswer, StubRequest } from './stub';

const sent = /\/rooms\/[^/]+\/send\/m\.room\.message\/([^/?]+)/;

/** A homeserver that has every Room and every user, and takes what is said: the same transaction id is the same event. */
export class StubHomeserver {
  private readonly transactions = new Set<string>();

  answer({ path, body }: StubRequest, numbers: NumbersSeen): StubAnswer {
    const [, transaction] = sent.exec(path) ?? [];
    if (transaction === undefined) return { status: 200, body: {} };
    const isRepetition = this.transactions.has(transaction);
    this.transactions.add(transaction);
    numbers.note((body as { body?: string }).body ?? '', isRepetition);
    return { status: 200, body: { event_id: `$${transaction}` } };
  }
}
