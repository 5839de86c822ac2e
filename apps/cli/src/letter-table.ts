import type { KeptDeadLetter } from '@bridge/queue';
import Table from 'cli-table3';

/** Dead letters as a table for a terminal, or for a file. None of it is message text. */
export function letterTable(letters: readonly KeptDeadLetter[]): string {
  const table = new Table({
    head: ['NUMBER', 'GIVEN UP', 'KIND', 'KEY', 'CLASS', 'TRIES', 'REASON'],
    style: { head: [], border: [], compact: true },
    colAligns: ['right', 'left', 'left', 'left', 'left', 'right', 'left'],
  });
  for (const { number, givenUpAt, kind, key, failureClass, attempts, reason } of letters)
    table.push([number, givenUpAt.toISOString(), kind, key ?? '–', failureClass, attempts, reason]);
  return table.toString();
}

/** One dead letter as an object for programs; its content only where that is asked for. */
export function letterObject(letter: KeptDeadLetter, withContent = false): object {
  const { payload, ...told } = letter;
  return { ...told, ...(withContent ? { content: Buffer.from(payload).toString('utf8') } : {}) };
}
