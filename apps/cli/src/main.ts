import { userInfo } from 'node:os';
import { ParkedConversationStore } from '@bridge/persistence';
import { ConfigError, loadConfig } from '@bridge/platform';
import { DeadLetterBox, type DeadLetterChoice, QueueBacklog, repartition } from '@bridge/queue';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Command, InvalidArgumentError } from 'commander';
import { CliModule, cliSections } from './cli.module';
import { DeadLetterCommands, type Output } from './dead-letter-commands';
import { addErasure } from './erasure-command';
import { addFederationCheck } from './federation-command';
import { OperatorAudit } from './operator-audit';
import { ParkedReplay } from './parked-replay';

interface Choice {
  readonly key?: string;
  readonly class?: string;
  readonly kind?: string;
  readonly all?: boolean;
}

const program = new Command('bridge')
  .description(
    'What an operator of the bridge does by hand. Settings are those of the workers (README, “Configuration”).',
  )
  .showHelpAfterError();

const letters = program.command('dead-letters').description('what the bridge could not do');

const chosenBy = (command: Command): Command =>
  command
    .option('--key <key>', 'of one conversation, care team or room: a FHIR reference or a room id')
    .option('--class <class>', 'of one class of failure')
    .option('--kind <kind>', 'of one kind of message');

const byOperator = (command: Command): Command =>
  command.option('--operator <name>', 'who does it, for the audit', accountName());

chosenBy(letters.command('list'))
  .description('shows them, without what they say')
  .option('--json', 'one object a line, for programs')
  .action((options: Choice & { json?: boolean }) =>
    run((commands) => commands.list(choiceOf([], options), options.json === true)),
  );

letters
  .command('parked')
  .description('shows the conversations whose later messages wait for one that was given up')
  .option('--json', 'one object a line, for programs')
  .action(({ json }: { json?: boolean }) => run((commands) => commands.parked(json === true)));

byOperator(letters.command('show'))
  .description('shows one of them')
  .argument('<number>', 'as `list` tells it', wholeNumber)
  .option('--content', 'also what it says, which may be about a patient; the audit tells that you looked')
  .action((number: number, options: { content?: boolean; operator: string }) =>
    run((commands) => commands.show(number, options.content === true, options.operator)),
  );

byOperator(chosenBy(letters.command('replay')))
  .description('has them done after all, in their order; one of a parked conversation stands for all of it')
  .argument('[number...]', 'as `list` tells them', wholeNumbers)
  .option('--all', 'all of them')
  .action((numbers: number[] | undefined, options: Choice & { operator: string }, command: Command) =>
    run((commands) => commands.replay(someOf(numbers, options, command), options.operator)),
  );

byOperator(chosenBy(letters.command('discard')))
  .description('gives them up for good')
  .argument('[number...]', 'as `list` tells them', wholeNumbers)
  .option('--all', 'all of them')
  .requiredOption('--reason <text>', 'why, for the audit; nothing about a patient', oneLine)
  .action(
    (
      numbers: number[] | undefined,
      options: Choice & { operator: string; reason: string },
      command: Command,
    ) =>
      run((commands) =>
        commands.discard(someOf(numbers, options, command), options.reason, options.operator),
      ),
  );

program
  .command('queue')
  .description('the work queues as a whole')
  .command('repartition')
  .description(
    'gives the empty queues as many partitions as NATS_PARTITIONS says; no process may run meanwhile',
  )
  .action(() => told(repartitionQueues));

addFederationCheck(program, told);
addErasure(program, { byOperator, run: (act) => told(() => withBridge(act)) });

void program.parseAsync();

async function run(act: (commands: DeadLetterCommands) => Promise<void>): Promise<void> {
  await told(() => withBridge((app, output) => act(deadLetterCommands(app, output))));
}

function deadLetterCommands(app: INestApplicationContext, output: Output): DeadLetterCommands {
  const box = app.get(DeadLetterBox);
  const parked = app.get(ParkedConversationStore);
  const replay = new ParkedReplay(box, parked, app.get(QueueBacklog));
  return new DeadLetterCommands(box, parked, replay, app.get(OperatorAudit), output);
}

/** Without the module of the others: that does not start on queues with another number of partitions. */
async function repartitionQueues(): Promise<void> {
  const { nats } = loadConfig(['nats']);
  for (const { stream, before } of await repartition({ ...nats, app: 'cli' }))
    process.stderr.write(`${stream} had ${before} partitions and has ${nats.partitions}\n`);
}

/** Exit status 2: the configuration has mistakes, all of which are on standard error; 1: the command failed. */
async function told(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    process.stderr.write(`bridge: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof ConfigError ? 2 : 1;
  }
}

async function withBridge(
  act: (app: INestApplicationContext, output: Output) => Promise<void>,
): Promise<void> {
  const app = await NestFactory.createApplicationContext(CliModule.forRoot(loadConfig(cliSections)), {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
  try {
    const output = {
      result: (text: string) => void process.stdout.write(`${text}\n`),
      note: (text: string) => void process.stderr.write(`${text}\n`),
    };
    await act(app, output);
  } finally {
    await app.close();
  }
}

function choiceOf(numbers: readonly number[], { key, class: failureClass, kind }: Choice): DeadLetterChoice {
  return { ...(numbers.length > 0 ? { numbers } : {}), key, failureClass, kind };
}

/** Not all of them by an oversight. */
function someOf(numbers: readonly number[] | undefined, options: Choice, command: Command): DeadLetterChoice {
  const choice = choiceOf(numbers ?? [], options);
  const isChosen = Object.values(choice).some((each) => each !== undefined);
  if (!isChosen && !options.all) command.error('Say which: numbers, --key, --class, --kind, or --all.');
  return choice;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('Not the number of a dead letter.');
  return Number(text);
}

function wholeNumbers(text: string, before: readonly number[] | undefined): number[] {
  return [...(before ?? []), wholeNumber(text)];
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim().slice(0, 200);
  if (line === '') throw new InvalidArgumentError('Say why.');
  return line;
}

/** Of whoever runs this. In a container they may have a number only, which no file gives a name. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}
