import type { KnownParkedConversation } from '@bridge/persistence';
import type { KeptDeadLetter } from '@bridge/queue';
import Table from 'cli-table3';

/** Dead letters as a table for a terminal, or for a file. None of it is message text. */
export function letterTable(letters: readonly KeptDeadLetter[]): string {
  const table = new Table({
    head: ['NUMBER', 'GIVEN UP', 'KIND', 'KEY', 'CLASS', 'TRIES', 'PARKED', 'REASON'],
    style: { head: [], border: [], compact: true },
    colAligns: ['right', 'left', 'left', 'left', 'left', 'right', 'left', 'left'],
  });
  for (const { number, givenUpAt, kind, key, failureClass, attempts, parking, reason } of letters) {
    const isParked = parking === undefined ? 'no' : 'yes';
    table.push([number, givenUpAt.toISOString(), kind, key ?? '–', failureClass, attempts, isParked, reason]);
  }
  return table.toString();
}

/** Parked conversations as a table. */
export function parkedTable(
  conversations: readonly (KnownParkedConversation & { readonly waiting: number })[],
): string {
  const table = new Table({
    head: ['KEY', 'SINCE', 'QUEUE', 'CLASS', 'WAITING'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', 'left', 'right'],
  });
  for (const { key, parkedAt, stream, failureClass, waiting } of conversations)
    table.push([key, parkedAt.toISOString(), stream, failureClass, waiting]);
  return table.toString();
}

/** One dead letter as an object for programs; its content only where that is asked for. */
export function letterObject(letter: KeptDeadLetter, withContent = false): object {
  const { payload, ...told } = letter;
  return { ...told, ...(withContent ? { content: Buffer.from(payload).toString('utf8') } : {}) };
}
