import { setTimeout as wait } from 'node:timers/promises';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { type BothSides, readBothSides } from '../../deploy/local/src/scenario/both-sides';
import { backlog } from '../support/queue-evidence';
import type { ChaosStack } from './chaos-stack';
import type { Talks } from './conversations';
import { untilAnswered } from './repeated';
import type { Lane } from './said';
import { missing } from './verdict';

/** Three times the longest pause between two tries of the bridge: what has not moved by then will not. */
const givenUpAfterMs = 180_000;
/** Reading the homeserver takes it from the bridge. */
const lookEveryMs = 5_000;

/**
 * Waits until both servers have everything and both work queues are empty, or nothing has moved for three minutes.
 * @param tell hears how many messages are missing and how many wait in the queues
 * @param signal ends it
 * @returns what both servers then hold, by number of conversation
 */
export async function settle(
  stack: ChaosStack,
  talks: Talks,
  lanes: readonly Lane[],
  tell: (missing: number, backlog: number) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, BothSides>> {
  const fhir = new FhirApi(stack.directFhirUrl);
  const read = (conversation: Talks['conversations'][number]) =>
    untilAnswered(() => readBothSides(fhir, talks.network.nurse.matrix, conversation), signal);
  let waiting = talks.conversations;
  let least = Infinity;
  for (let movedAt = performance.now(); performance.now() - movedAt < givenUpAfterMs;) {
    const counts = new Map<number, number>();
    for (const conversation of waiting) {
      const own = lanes.filter((lane) => lane.conversation === conversation.number);
      counts.set(conversation.number, missing(own, await read(conversation)));
    }
    waiting = waiting.filter(({ number }) => counts.get(number)! > 0);
    const missed = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const queued = await backlog(stack.federation.natsUrl);
    tell(missed, queued);
    if (missed + queued === 0) break;
    if (missed + queued < least) movedAt = performance.now();
    least = Math.min(least, missed + queued);
    await wait(lookEveryMs, undefined, { signal });
  }
  const sides = new Map<number, BothSides>();
  for (const conversation of talks.conversations) sides.set(conversation.number, await read(conversation));
  return sides;
}
