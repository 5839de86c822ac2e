import { once } from 'node:events';
import pc from 'picocolors';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { type CareNetwork, setUpPeople } from '../../deploy/local/src/scenario/network';
import { backlog } from '../support/queue-evidence';
import { Random } from '../support/random';
import { readArrivals } from './arrivals';
import { runCampaign } from './campaign';
import { BacklogGate } from './backlog-gate';
import { type ChaosStack, startChaosStack } from './chaos-stack';
import { type Talks, openConversations } from './conversations';
import { readDeadLetters } from './dead-letters';
import { faultKinds } from './fault-kinds';
import { type PlannedFault, planFaults } from './fault-plan';
import { type Findings, broken, deadLetterTable, faultTable, hasHeld, lastLine } from './report';
import type { RunSize } from './run-size';
import { settle } from './settle';
import { Traffic } from './traffic';
import { judge } from './verdict';

export interface ChaosOptions {
  readonly size: RunSize;
  readonly seed: number;
}

/** Between two lines that say how far the wait for the rest is. */
const tellEveryMs = 10_000;
/** Messages in the work queues with which nobody says more: half a minute's work on two cores. */
const mostWaiting = 300;
const lookEveryMs = 1_000;

/**
 * Plays it all on real servers and prints what came of it.
 * @returns whether the bridge kept its promises
 * @throws the signal's reason when it is aborted, and Error when the servers or the people fail; nothing runs then
 */
export async function chaos(options: ChaosOptions, signal: AbortSignal): Promise<boolean> {
  const { size, seed } = options;
  const ended = once(signal, 'abort').then(() => Promise.reject(signal.reason as Error));
  ended.catch(() => undefined);
  console.log(
    `Chaos for ${size.durationMs / 1_000} s in ${size.rooms} conversations. To repeat it: --seed ${seed}`,
  );
  const stack = await startChaosStack(size.compareEveryMs, tellStep, signal);
  const over = new AbortController();
  let held = false;
  let network: CareNetwork | undefined;
  try {
    const play = async (): Promise<Findings> => {
      network = await setUpPeople(new FhirApi(stack.fhirUrl), stack.federation.homeservers);
      const talks = await openConversations(network, size.rooms);
      console.log(pc.dim(`  ${size.rooms} Rooms are open`));
      return playAll(stack, talks, options, AbortSignal.any([signal, over.signal]));
    };
    const findings = await Promise.race([play(), ended]);
    held = hasHeld(findings);
    tellFindings(findings);
    if (!held) console.log(`Logs: ${stack.federation.logDirectory}`);
    console.log(lastLine(findings));
    return held;
  } finally {
    // Whatever was under way when something failed ends with it.
    over.abort();
    await network?.stop();
    await stack.stop(held || signal.aborted ? 'succeeded' : 'failed');
  }
}

async function playAll(
  stack: ChaosStack,
  talks: Talks,
  { size, seed }: ChaosOptions,
  signal: AbortSignal,
): Promise<Findings> {
  const plan = planFaults(size.kinds, size.durationMs, new Random(seed));
  const waiting = () => backlog(stack.federation.natsUrl);
  const gate = new BacklogGate(waiting, { most: mostWaiting, everyMs: lookEveryMs, signal });
  const traffic = new Traffic(talks, seed, signal, () => gate.pass());
  traffic.start();
  const faults = await Promise.race([runCampaign(stack, plan, signal, tellFault), traffic.failure()]);
  console.log(pc.dim(`  ${plan.length} faults are over; ${traffic.count} messages were said`));
  await traffic.finish();
  const sides = await settle(stack, talks, traffic.lanes, teller(), signal);
  return {
    seed,
    faults,
    lanes: traffic.lanes,
    verdict: judge(traffic.lanes, sides, await readArrivals(stack.federation.homeservers.vvt)),
    deadLetters: await readDeadLetters(stack.federation.natsUrl),
    endedByThemselves: [...stack.replicas].flatMap(([name, { endedByItself }]) =>
      Array.from({ length: endedByItself }, () => name),
    ),
  };
}

function tellFindings(findings: Findings): void {
  const { lanes, verdict } = findings;
  const count = (direction: string): number =>
    lanes.filter((lane) => lane.direction === direction).reduce((sum, { said }) => sum + said.length, 0);
  console.log(`\n${faultTable(faultKinds, findings)}`);
  console.log(`${count('to-fhir')} messages said in Matrix, ${count('to-matrix')} written in FHIR.`);
  if (verdict.reorderedByFederation > 0)
    console.log(`${verdict.reorderedByFederation} of them came to the bridge's homeserver in another order.`);
  console.log(deadLetterTable(findings) ?? 'No dead letters.');
  for (const line of broken(findings)) console.log(pc.red(line));
}

function tellStep(name: string, state: 'start' | 'done', ms: number): void {
  if (state === 'done') console.log(pc.dim(`  ${name} ${(ms / 1_000).toFixed(1)} s`));
}

function tellFault({ kind, target, atMs, forMs }: PlannedFault): void {
  const at = `${(atMs / 1_000).toFixed(0)} s`.padStart(8);
  const where = kind.targets.length > 1 ? ` (${target})` : '';
  console.log(`${at}  ${kind.name}${where} for ${(forMs / 1_000).toFixed(1)} s`);
}

function teller(): (missing: number, backlog: number) => void {
  let toldAt = -Infinity;
  return (missing, backlog) => {
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    console.log(pc.dim(`  ${missing} messages are on their way, ${backlog} wait in the queues`));
  };
}
