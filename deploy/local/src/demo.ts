import { once } from 'node:events';
import { Command } from 'commander';
import pc from 'picocolors';
import { BRIDGE_APPS, urlOf } from './bridge';
import { ORGANISATIONS } from './federation';
import { Interrupted, abortOnInterrupt } from './interruption';
import { measureLatency } from './scenario/latency';
import { type CareNetwork, setUpNetwork } from './scenario/network';
import { changeTeam, createCareTeam, sayInMatrix, startThread, writeInFhir } from './scenario/play';
import { patientDataInState } from './scenario/privacy';
import { killEachProcess } from './scenario/storm';
import { Timeline, type TimelineEntry } from './scenario/timeline';
import { compareSides } from './scenario/verify';
import { type Stack, startStack } from './stack';

/** The goal for what the bridge adds to the servers' own time. */
const goalMs = 100;

async function demo({ once: onlyOnce }: { once?: boolean }): Promise<void> {
  const signal = abortOnInterrupt();
  const ended = once(signal, 'abort');
  const begin = performance.now();
  console.log(pc.bold('Starting the servers and the bridge'));
  const stack = await startStack({ signal, onStep: showStep });
  let network: CareNetwork | undefined;
  let verified = false;
  try {
    const play = async (): Promise<boolean> => {
      await stack.startBridge();
      network = await setUpNetwork(stack);
      console.log(pc.bold('\nThe scenario'));
      return playAndVerify(stack, network);
    };
    verified = await Promise.race([play(), ended.then(() => Promise.reject(signal.reason as Error))]);
    console.log(`\nThe whole took ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
    if (!onlyOnce) {
      showAccess(stack, network!);
      await ended;
    }
  } finally {
    await network?.stop();
    await stack.stop(verified || signal.aborted ? 'succeeded' : 'failed');
  }
  process.exitCode = verified ? 0 : 1;
}

async function playAndVerify(stack: Stack, network: CareNetwork): Promise<boolean> {
  const timeline = new Timeline(showEntry);
  const stage = await createCareTeam(network, timeline);
  const thread = await startThread(stage, 'My mother is dizzy since the new pills. Is that normal?');
  const said = await sayInMatrix(
    thread,
    network.gp,
    'Please leave out the evening pill, I will come by tomorrow.',
  );
  await writeInFhir(thread, 'Thank you, I will.', said.recorded.id);
  await changeTeam(thread);
  const storm = await killEachProcess(stack, thread);
  const sides = await compareSides(
    network.fhir,
    network.nurse.matrix,
    thread.roomId,
    thread.request.id,
    storm,
  );
  const leaked = await patientDataInState(thread);
  const latencies = await measureLatency(thread);
  console.log(pc.bold('\nVerified by reading both servers'));
  const checks = [
    check(
      `each of ${storm.killed.length} processes killed with SIGKILL amid ${storm.inMatrix.length} messages from Matrix and ${storm.inFhir.length} from FHIR`,
      [],
    ),
    check('nothing lost', sides.lost),
    check('nothing twice', sides.duplicated),
    check('everything in order', sides.disordered),
    check('no patient data in names, aliases and state', leaked),
    ...latencies.map(({ direction, bridged, bare }) => {
      const figures = `p50 ${bridged.toFixed(0)} ms, the servers alone ${bare.toFixed(0)} ms`;
      return check(
        `${direction}: ${figures}`,
        bridged - bare <= goalMs ? [] : [`more than ${goalMs} ms above`],
      );
    }),
  ];
  return checks.every(Boolean);
}

function check(what: string, findings: readonly string[]): boolean {
  const good = findings.length === 0;
  console.log(
    `  ${good ? pc.green('✓') : pc.red('✗')} ${what}${good ? '' : `: ${findings.length} (${findings.slice(0, 5).join('; ')})`}`,
  );
  return good;
}

function showStep(name: string, state: 'start' | 'done', ms: number): void {
  if (state === 'start') console.log(pc.dim(`  … ${name}`));
  else console.log(`  ${pc.green('✓')} ${name} ${pc.dim(`${(ms / 1000).toFixed(1)} s`)}`);
}

function showEntry({ atMs, who, where, what, fhir, event, latencyMs }: TimelineEntry): void {
  const at = `${(atMs / 1000).toFixed(2)} s`.padStart(9);
  const latency = latencyMs === undefined ? '' : `${latencyMs.toFixed(0)} ms`;
  const ids = [fhir, event].filter(Boolean).join(' ');
  console.log(
    `${at}  ${pc.cyan(where.padEnd(9))} ${pc.bold(who)} ${what} ${pc.dim(ids)} ${pc.yellow(latency)}`.trimEnd(),
  );
}

function showAccess(
  { federation, fhir, environment }: Stack,
  { gp, pharmacist, nurse, physiotherapist }: CareNetwork,
): void {
  console.log(pc.bold('\nTry it by hand (a Matrix client that takes http:// homeservers, curl for FHIR)'));
  for (const organisation of ORGANISATIONS)
    console.log(`  ${organisation.padEnd(9)} ${federation.homeservers[organisation].clientUrl}`);
  for (const { name, matrix } of [gp, pharmacist, nurse, physiotherapist]) {
    console.log(`  ${name.padEnd(18)} ${matrix.userId}  password ${matrix.account.password}`);
  }
  console.log(
    `  FHIR      ${fhir.baseUrl}   e.g. curl '${fhir.baseUrl}/Communication?_sort=-_lastUpdated&_count=5'`,
  );
  for (const app of BRIDGE_APPS)
    console.log(`  ${app.padEnd(13)} ${urlOf(app, environment)}/ready and /metrics`);
  console.log(`  Logs      ${federation.logDirectory}\n${pc.bold('Ctrl-C stops everything.')}`);
}

new Command('demo')
  .description('Plays a care network between a FHIR server and three Matrix homeservers, on real servers.')
  .option('--once', 'play, verify, print the summary and exit with 0 or 1')
  .action(async (options: { once?: boolean }) => {
    try {
      await demo(options);
    } catch (error) {
      const interrupted = error instanceof Interrupted;
      if (!interrupted) console.error(pc.red(error instanceof Error ? error.message : String(error)));
      process.exitCode = interrupted ? error.exitCode : 1;
    }
  })
  .parse();
