/**
 * Works on items as clients of so many conversations do: in each lane one item after the other, the lanes side by side.
 * Items are dealt out to the lanes in turn.
 * @throws the first failure, when all lanes have ended
 */
export async function inLanes<T>(
  lanes: number,
  items: readonly T[],
  work: (item: T, lane: number) => Promise<unknown>,
): Promise<void> {
  const ends = await Promise.allSettled(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let index = lane; index < items.length; index += lanes) await work(items[index]!, lane);
    }),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
