/** How a check came out. A warning is for whoever looks after the server: partners can still talk with it. */
export type Outcome = 'ok' | 'warning' | 'failed' | 'not asked';

/** What one check found at one server. */
export interface Finding {
  readonly check: string;
  readonly outcome: Outcome;
  /** One sentence: what there is, or what is wrong. */
  readonly found: string;
}

/** What was found at one server, in the order in which a homeserver would come upon it. */
export interface ServerReport {
  readonly serverName: string;
  readonly findings: readonly Finding[];
}

export const finding = (check: string, outcome: Outcome, found: string): Finding => ({
  check,
  outcome,
  found,
});

/** Whether partners can talk with all of them. */
export function isRight(reports: readonly ServerReport[]): boolean {
  return reports.every(({ findings }) => findings.every(({ outcome }) => outcome !== 'failed'));
}
