import { messageHeaders } from '@bridge/queue';
import { storedDeadLetters } from '../support/queue-evidence';

/** Dead letters of one class and kind. */
export interface DeadLetterGroup {
  readonly failureClass: string;
  readonly kind: string;
  readonly reason: string;
  readonly count: number;
}

/** What the bridge gave up, the most frequent first. */
export async function readDeadLetters(natsUrl: string): Promise<DeadLetterGroup[]> {
  const groups = new Map<string, DeadLetterGroup>();
  for (const { subject, header } of await storedDeadLetters(natsUrl)) {
    const kind = subject.split('.').slice(3).join('.');
    const failureClass = header.get(messageHeaders.failureClass);
    const name = `${failureClass} ${kind}`;
    const count = (groups.get(name)?.count ?? 0) + 1;
    groups.set(name, { failureClass, kind, reason: header.get(messageHeaders.reason), count });
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}
