import { randomInt } from 'node:crypto';
import { inspect } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { Interrupted, abortOnInterrupt } from '../../deploy/local/src/interruption';
import { type ChaosOptions, chaos } from './chaos';
import { faultKinds } from './fault-kinds';
import { minutesForAll } from './fault-plan';
import { fullRun, shortRun } from './run-size';

const shortest = minutesForAll(faultKinds);
const wrongUsage = 2;

const program = new Command('chaos')
  .description(
    'Traffic both ways on real servers while processes are killed and frozen and connections break; then reads both sides.',
  )
  .option('--minutes <number>', 'how long faults begin', between(shortest, 24 * 60), shortest)
  .option('--rooms <number>', 'conversations', between(1, 1_000), 50)
  .addOption(
    new Option('--short', 'one fault of each family in 8 conversations: three minutes in all').conflicts([
      'minutes',
      'rooms',
    ]),
  )
  .option('--seed <number>', 'repeats the faults of another run', between(0, 2 ** 31 - 1))
  .addHelpText(
    'after',
    '\nExit codes: 0 nothing is lost, doubled or out of order; 1 something is, or the servers failed; 2 wrong usage;\n130 after Ctrl-C.',
  )
  .showHelpAfterError()
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : wrongUsage))
  .action(async ({ short, minutes, rooms, seed = randomInt(2 ** 31) }: Given) => {
    for (const name of ['NATS_URL', 'DATABASE_URL']) {
      if (process.env[name])
        program.error(`${name} is set: the servers of this run are killed, so they are its own.`);
    }
    await run({ seed, size: short ? shortRun(seed) : fullRun(minutes, rooms) });
  });

/** The command line. */
interface Given {
  readonly minutes: number;
  readonly rooms: number;
  readonly short?: true;
  readonly seed?: number;
}

void program.parseAsync();

async function run(options: ChaosOptions): Promise<void> {
  try {
    process.exitCode = (await chaos(options, abortOnInterrupt())) ? 0 : 1;
  } catch (error) {
    const interrupted = error instanceof Interrupted;
    if (!interrupted) console.error(pc.red(inspect(error, { compact: true })));
    process.exitCode = interrupted ? error.exitCode : 1;
  }
  // A server that a fault was just starting again would keep this process: it goes with it instead.
  process.exit();
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (!(number >= least && number <= most))
      throw new InvalidArgumentError(`Not a whole number from ${least} to ${most}.`);
    return number;
  };
}
