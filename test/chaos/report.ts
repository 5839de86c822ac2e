import Table from 'cli-table3';
import type { PastFault } from './campaign';
import type { DeadLetterGroup } from './dead-letters';
import type { FaultKind } from './fault-kinds';
import type { Lane, SaidMessage } from './said';
import type { Verdict } from './verdict';

/** All that a run found. */
export interface Findings {
  readonly seed: number;
  readonly faults: readonly PastFault[];
  readonly lanes: readonly Lane[];
  readonly verdict: Verdict;
  readonly deadLetters: readonly DeadLetterGroup[];
  /** Processes of the bridge that ended without having been killed, each as often as it did. */
  readonly endedByThemselves: readonly string[];
}

/** Dead letters that the faults may bring about, and why. There is none. */
const explanations: Readonly<Record<string, string>> = {};

/** Whether the bridge kept its promises. */
export function hasHeld({ verdict, deadLetters, endedByThemselves }: Findings): boolean {
  const { lost, duplicated, disordered, unsaid } = verdict;
  const unexplained = deadLetters.filter(({ failureClass }) => !(failureClass in explanations));
  return [lost, duplicated, disordered, unsaid, unexplained, endedByThemselves].every(
    ({ length }) => length === 0,
  );
}

/** The line that programs read. */
export function lastLine({ seed, faults, verdict, deadLetters }: Findings): string {
  const { lost, duplicated, disordered } = verdict;
  const letters = deadLetters.reduce((sum, { count }) => sum + count, 0);
  return (
    `lost=${lost.length} duplicated=${duplicated.length} disordered=${disordered.length} ` +
    `dead-lettered=${letters} faults=${faults.length} seed=${seed}`
  );
}

/** Per kind of fault: how often and how long, and what became of the messages that were being said meanwhile. */
export function faultTable(kinds: readonly FaultKind[], { faults, lanes, verdict }: Findings): string {
  const table = plainTable(
    ['FAULT', 'TIMES', 'SECONDS', 'SAID MEANWHILE', 'LOST', 'TWICE', 'DISORDERED'],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
  );
  const said = lanes.flatMap((lane) => lane.said);
  const row = (name: string, windows: readonly PastFault[], seconds: string): void => {
    const meanwhile = (messages: readonly SaidMessage[]): number =>
      messages.filter(({ fromMs, toMs }) =>
        windows.some((fault) => fromMs <= fault.toMs && toMs >= fault.fromMs),
      ).length;
    const { lost, duplicated, disordered } = verdict;
    table.push([name, windows.length, seconds, ...[said, lost, duplicated, disordered].map(meanwhile)]);
  };
  for (const { name } of kinds) {
    const windows = faults.filter((fault) => fault.name === name);
    const seconds = windows.map(({ fromMs, toMs }) => ((toMs - fromMs) / 1_000).toFixed(1));
    row(name, windows, seconds.length > 6 ? `${seconds.slice(0, 6).join(' ')} …` : seconds.join(' '));
  }
  return table.toString();
}

/** The dead letters, each class with its explanation; undefined when there are none. */
export function deadLetterTable({ deadLetters }: Findings): string | undefined {
  if (deadLetters.length === 0) return undefined;
  const table = plainTable(['CLASS', 'KIND', 'COUNT', 'REASON', 'EXPLAINED'], ['left', 'left', 'right']);
  for (const { failureClass, kind, count, reason } of deadLetters)
    table.push([failureClass, kind, count, reason, explanations[failureClass] ?? 'no']);
  return table.toString();
}

/** The broken promises one by one, at most twenty of each. */
export function broken({ verdict, endedByThemselves }: Findings): string[] {
  const { lost, lostByFederation, duplicated, disordered, unsaid } = verdict;
  const bodies = (messages: readonly SaidMessage[]): string[] => messages.map(({ body }) => body);
  const lists: [string, readonly string[]][] = [
    ['lost', bodies(lost)],
    ["of these not on the bridge's homeserver either", lostByFederation],
    ['there twice', bodies(duplicated)],
    ['in the wrong place', bodies(disordered)],
    ['there, and never said', unsaid],
    ['ended by itself', endedByThemselves],
  ];
  return lists.flatMap(([what, names]) =>
    names.length > 0 ? [`${what}: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' …' : ''}`] : [],
  );
}

function plainTable(head: string[], colAligns: ('left' | 'right')[]): InstanceType<typeof Table> {
  return new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
}
