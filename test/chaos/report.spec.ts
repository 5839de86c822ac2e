import type { PastFault } from './campaign';
import { faultKinds } from './fault-kinds';
import { type Findings, broken, deadLetterTable, faultTable, hasHeld, lastLine } from './report';
import type { SaidMessage } from './said';

const message = (number: number, fromMs: number): SaidMessage => ({
  body: `vvt-1-${number}`,
  fromMs,
  toMs: fromMs + 10,
});
const said = [message(1, 0), message(2, 1_000), message(3, 2_000)];
const faults: PastFault[] = [
  { name: 'NATS killed', target: 'NATS', fromMs: 900, toMs: 1_500 },
  { name: 'notifications lost', target: 'notifications', fromMs: 1_005, toMs: 2_005 },
];
const good: Findings = {
  seed: 7,
  faults,
  lanes: [{ direction: 'to-fhir', conversation: 1, prefix: 'vvt-1-', said }],
  verdict: {
    said: 3,
    lost: [],
    lostByFederation: [],
    duplicated: [],
    disordered: [],
    unsaid: [],
    reorderedByFederation: 0,
  },
  deadLetters: [],
  endedByThemselves: [],
};
const letter = { failureClass: 'unexpected', kind: 'matrix.m.room.message', reason: 'Error', count: 2 };

describe('the report', () => {
  it('says that the promises held, and in its last line how much there was', () => {
    expect(hasHeld(good)).toBe(true);
    expect(broken(good)).toEqual([]);
    expect(lastLine(good)).toBe('lost=0 duplicated=0 disordered=0 dead-lettered=0 faults=2 seed=7');
  });

  it.each([
    ['a lost message', { verdict: { ...good.verdict, lost: [said[0]!] } }, 'lost: vvt-1-1'],
    ['one that is there twice', { verdict: { ...good.verdict, duplicated: said } }, 'there twice: vvt-1-1'],
    ['a disordered one', { verdict: { ...good.verdict, disordered: said } }, 'in the wrong place: vvt-1-1'],
    ['one that nobody said', { verdict: { ...good.verdict, unsaid: ['x'] } }, 'there, and never said: x'],
    ['a process that ended', { endedByThemselves: ['fhir-mapper 2'] }, 'ended by itself: fhir-mapper 2'],
  ])('tells of %s, which breaks a promise', (_what, changed, line) => {
    const findings = { ...good, ...changed };
    expect(hasHeld(findings)).toBe(false);
    expect(broken(findings).join('\n')).toContain(line);
  });

  it('takes a dead letter that no fault explains for a broken promise', () => {
    const findings = { ...good, deadLetters: [letter] };
    expect(hasHeld(findings)).toBe(false);
    expect(lastLine(findings)).toContain(' dead-lettered=2 ');
    expect(deadLetterTable(findings)).toMatch(/unexpected .* matrix\.m\.room\.message .* 2 .* no /);
  });

  it('counts what was said while a fault lasted, and what of it went wrong', () => {
    const table = faultTable(faultKinds, { ...good, verdict: { ...good.verdict, lost: [said[2]!] } });
    const cells = (name: string): string[] =>
      table
        .split('\n')
        .find((line) => line.includes(name))!
        .split('│')
        .map((cell) => cell.trim());
    expect(cells('NATS killed')).toEqual(['', 'NATS killed', '1', '0.6', '1', '0', '0', '0', '']);
    expect(cells('notifications lost')).toEqual([
      '',
      'notifications lost',
      '1',
      '1.0',
      '2',
      '1',
      '0',
      '0',
      '',
    ]);
    expect(cells('Postgres killed')).toEqual(['', 'Postgres killed', '0', '', '0', '0', '0', '0', '']);
  });
});
