import type { Container } from './container';
import { untilWell } from './until-well';

/** A health check as Compose writes it. */
export interface HealthCheck {
  readonly test?: readonly string[];
  readonly disable?: boolean;
  readonly interval?: string;
  readonly timeout?: string;
  readonly retries?: number;
  readonly start_period?: string;
}

/** Milliseconds in a duration such as 1m0s or 500ms. */
export function milliseconds(duration: string | undefined, otherwise: number): number {
  if (duration === undefined) return otherwise;
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join('') !== duration) throw new Error(`${duration} is not a duration`);
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}

/** The words of a check, with the dollar signs that `config` doubles. */
export function checkCommand({ test = [] }: HealthCheck): string[] {
  const [how, ...rest] = test.map((word) => word.replaceAll('$$', '$'));
  if (how === 'CMD') return rest;
  if (how === 'CMD-SHELL') return ['/bin/sh', '-c', ...rest];
  throw new Error(`A health check of the form ${how} is not known here`);
}

/** Asks once. @returns what is wrong, or undefined */
export async function unwell(container: Container, check: HealthCheck): Promise<string | undefined> {
  const { status, output } = await container.exec(checkCommand(check), milliseconds(check.timeout, 30_000));
  return status === 0 ? undefined : `status ${status} ${output.trim()}`;
}

/**
 * Waits until a container says that it is well.
 * @throws Error when an engine would call it unhealthy, and when it ends
 */
export async function untilHealthy(container: Container, check: HealthCheck): Promise<void> {
  const { retries = 3 } = check;
  await untilWell({
    name: container.spec.name,
    state: 'healthy',
    // An engine asks less often, with the same limits.
    within:
      milliseconds(check.start_period, 0) +
      retries * (milliseconds(check.interval, 30_000) + milliseconds(check.timeout, 30_000)),
    ask: async () => {
      const problem = await unwell(container, check);
      if (problem !== undefined && !container.runs) throw new Error(`${container.spec.name} has ended`);
      return problem;
    },
    logTail: () => container.logTail(),
  });
}
