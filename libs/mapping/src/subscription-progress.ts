/**
 * How far the events of a topic-based Subscription are accounted for (FHIR R5 and the backport to R4, "Errors and
 * Recovery"): a server numbers them, so that a lost notification shows as a gap.
 */
export interface SubscriptionProgress {
  /** Every event up to this one is accounted for. */
  readonly upTo: number;
  /** Later ones that have arrived, ascending, each once: what lies between is missing. */
  readonly ahead: readonly number[];
  /** The highest number that the server has told of, be it in a heartbeat. */
  readonly told: number;
  /** Up to here they were passed so long ago that no notification of them can still be on its way. */
  readonly settled: number;
  /** What `upTo` was at `markAt`: settled in a while. */
  readonly mark: number;
  readonly markAt: Date;
  /** When the server was last heard. */
  readonly heardAt: Date;
}

/** What a notification tells of the numbers. */
export interface Told {
  readonly numbers: readonly number[];
  /** The server's counter, where it says so. */
  readonly counter: number | undefined;
}

/** Event numbers, both included. */
export interface Gap {
  readonly since: number;
  readonly until: number;
}

/**
 * So long, in milliseconds, a notification may still be repeated, or held up: HAPI repeats for a minute. A number that
 * was passed longer ago comes from a counter that has begun again, as HAPI's does at each start.
 */
export const repeatedWithinMs = 2 * 60_000;

/** So many numbers are remembered behind a gap; of more, the lowest are asked for again. */
const mostAhead = 1_000;

/** Begins to follow: what was before, the first pull has read. */
export function beginAt(counter: number, now: Date): SubscriptionProgress {
  return {
    upTo: counter,
    ahead: [],
    told: counter,
    settled: 0,
    mark: counter,
    markAt: now,
    heardAt: now,
  };
}

/** The progress after a notification. Telling the same again changes nothing but the times. */
export function progressAfter(
  known: SubscriptionProgress | undefined,
  { numbers, counter }: Told,
  now: Date,
): SubscriptionProgress {
  const inOrder = [...numbers].sort((one, other) => one - other);
  if (!known) return beginAt(Math.max(inOrder.at(-1) ?? 0, inOrder.length > 0 ? 0 : (counter ?? 0)), now);
  const settled = settle(known, now);
  const lowest = Math.min(inOrder[0] ?? Infinity, counter ?? Infinity);
  // A number is repeated at most; the counter of a new Subscription may well be none yet.
  const beganAgain = (inOrder[0] ?? Infinity) <= settled.settled || lowest < settled.settled;
  if (beganAgain) return beginAt(inOrder.at(-1) ?? counter ?? 0, now);
  const ahead = [...new Set([...settled.ahead, ...inOrder])].sort((one, other) => one - other);
  return absorb({
    ...settled,
    ahead: ahead.slice(-mostAhead),
    told: Math.max(settled.told, counter ?? 0, ahead.at(-1) ?? 0),
  });
}

/** What has not arrived though later events have, or the server has told of it. */
export function missingOf({ upTo, told }: SubscriptionProgress): Gap | undefined {
  return told > upTo ? { since: upTo + 1, until: told } : undefined;
}

/** The numbers of a gap that have not arrived. */
export function lostIn(gap: Gap, { ahead }: SubscriptionProgress): number[] {
  const arrived = new Set(ahead);
  const count = Math.max(0, gap.until - gap.since + 1);
  return Array.from({ length: count }, (_, index) => gap.since + index).filter(
    (number) => !arrived.has(number),
  );
}

/** The progress once what was missing up to a number has been read otherwise. */
export function accountedUpTo(progress: SubscriptionProgress, until: number): SubscriptionProgress {
  return absorb({ ...progress, upTo: Math.max(progress.upTo, until) });
}

/** Whether the server's counter, asked for after all this had arrived, has begun again. */
export function hasBegunAgain({ upTo }: SubscriptionProgress, counter: number): boolean {
  return counter < upTo;
}

function settle(progress: SubscriptionProgress, now: Date): SubscriptionProgress {
  const { upTo, mark, markAt, heardAt } = progress;
  const since = (instant: Date) => now.getTime() - instant.getTime();
  const heard = { ...progress, heardAt: now };
  if (since(heardAt) >= repeatedWithinMs) return { ...heard, settled: upTo, mark: upTo, markAt: now };
  if (since(markAt) >= repeatedWithinMs) return { ...heard, settled: mark, mark: upTo, markAt: now };
  return heard;
}

function absorb(progress: SubscriptionProgress): SubscriptionProgress {
  let { upTo } = progress;
  const ahead = progress.ahead.filter((number) => {
    if (number === upTo + 1) upTo = number;
    return number > upTo;
  });
  return { ...progress, upTo, ahead };
}
