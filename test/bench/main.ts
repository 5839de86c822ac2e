import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { Interrupted, abortOnInterrupt } from '../../deploy/local/src/interruption';
import { BenchServers } from './bench-servers';
import { benchmarks } from './benchmarks';
import { publish } from './report/publish';
import { type Result, resultOf } from './report/result';
import { terminalTable } from './report/table';

interface Options {
  readonly only?: string[];
  readonly rounds: number;
  readonly events: number;
}

/** Runs the benchmarks one after the other. What could not be measured is said, and the others go on. */
async function bench({ only, rounds, events }: Options): Promise<void> {
  const signal = abortOnInterrupt();
  const ended = once(signal, 'abort').then(() => Promise.reject(signal.reason as Error));
  let starting: Promise<BenchServers> | undefined;
  const servers = (): Promise<BenchServers> => (starting ??= BenchServers.start(signal));
  const results: Result[] = [];
  const failed: string[] = [];
  try {
    for (const { name, about, run } of benchmarks.filter((each) => only?.includes(each.name) ?? true)) {
      console.log(`${pc.bold(name)} ${pc.dim(about)}`);
      const from = performance.now();
      try {
        const figures = await Promise.race([run({ rounds, events, signal, servers }), ended]);
        const judged = figures.map(resultOf);
        results.push(...judged);
        console.log(terminalTable(judged));
        console.log(pc.dim(`  ${((performance.now() - from) / 1000).toFixed(0)} s`));
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        failed.push(name);
        console.error(pc.red(`  not measured: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
  } finally {
    await (await starting?.catch(() => undefined))?.stop(failed.length > 0 ? 'failed' : 'succeeded');
  }
  const missed = results.filter(({ met }) => met === false).length;
  console.log(`${results.length} figures; goals missed: ${missed}; not measured: ${failed.length}`);
  if (!only && failed.length === 0) console.log(`Kept in ${publish(results)}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Not a whole number above 0.');
  return number;
}

new Command('bench')
  .description(
    'Measures the bridge on this machine, beside the servers alone and beside others who do the same. A run of all\n' +
      'benchmarks is kept in test/bench/results and quoted in docs/performance.md. Exits with 0 when all was measured,\n' +
      'be a goal missed or not, and with 1 when something could not be.',
  )
  .addOption(
    new Option('--only <name...>', 'only these benchmarks').choices(benchmarks.map(({ name }) => name)),
  )
  .option('--rounds <n>', 'rounds of each way that is compared', wholeNumber, 5)
  .option('--events <n>', 'events of the outage that is caught up with', wholeNumber, 10_000)
  .addHelpText(
    'after',
    `\nBenchmarks:\n${benchmarks.map((each) => `  ${each.name.padEnd(12)} ${each.about}`).join('\n')}`,
  )
  .action(async (options: Options) => {
    try {
      await bench(options);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      process.exitCode = error.exitCode;
    }
  })
  .parse();
