import Table from 'cli-table3';
import { type ServerReport, isRight } from './finding';

/** What was found, a line for each check, and in the last line whether it is right. */
export function federationTable(reports: readonly ServerReport[]): string {
  const table = new Table({
    head: ['SERVER', 'CHECK', 'OUTCOME', 'FOUND'],
    style: { head: [], border: [], compact: true },
    colWidths: [null, null, null, 90],
    wordWrap: true,
  });
  for (const { serverName, findings } of reports) {
    for (const { check, outcome, found } of findings) table.push([serverName, check, outcome, found]);
  }
  const all = reports.flatMap(({ findings }) => findings);
  const count = (wanted: string) => all.filter(({ outcome }) => outcome === wanted).length;
  const counts = `${count('failed')} failed, ${count('warning')} warnings, ${count('ok')} ok`;
  const verdict = isRight(reports) ? 'Partners can reach them all' : 'Not right';
  return `${table.toString()}\n${verdict}: ${counts}.`;
}
