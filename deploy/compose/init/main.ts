import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { DataFolder } from './data-folder';
import { type Deed, prepare } from './prepare';
import { SettingsError, VARIABLES, readSettings } from './settings';

interface Options {
  readonly data: string;
  readonly renewCertificates: boolean;
  readonly rewriteConfiguration: boolean;
}

const WORDS: Readonly<Record<Deed['outcome'], string>> = {
  made: 'made',
  renewed: 'renewed',
  rewritten: 'rewritten; the former is beside it, as .before',
  closed: 'was readable by others, and is not any more',
  differs: 'stays as it is, though the settings now say otherwise; --rewrite-configuration writes it anew',
  'of another authority': 'stays as it is: another authority has issued it, and renews it',
  kept: 'stays as it is',
};

const width = Math.max(...Object.keys(VARIABLES).map((name) => name.length));

const program = new Command('init')
  .description(
    'Makes what the containers need and is not there yet: secrets, the authority and certificates, configuration. ' +
      'What is there is never overwritten, but certificates with fewer than 30 days left are renewed.',
  )
  .option('--data <folder>', 'where all of it is', '/data')
  .option('--renew-certificates', 'make new certificates now, whatever time is left', false)
  .option('--rewrite-configuration', 'write configuration anew where settings have changed', false)
  .showHelpAfterError()
  .addHelpText(
    'after',
    `\nEnvironment variables:\n${Object.entries(VARIABLES)
      .map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`)
      .join(
        '\n',
      )}\n\nExit status: 0 when all is there; 1 when it could not be made; 2 when the settings have mistakes.`,
  )
  .action(run);

void program.parseAsync();

async function run(options: Options): Promise<void> {
  try {
    const { federation, owner } = readSettings(process.env);
    const root = resolve(options.data);
    await mkdir(root, { recursive: true });
    const isRoot = process.getuid?.() === 0;
    const folder = new DataFolder(root, isRoot ? owner : undefined);
    report(await prepare(folder, federation, { ...options, now: new Date() }));
  } catch (error) {
    process.stderr.write(`init: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof SettingsError ? 2 : 1;
  }
}

/** Names of files only: nothing that is in them. */
function report(deeds: readonly Deed[]): void {
  const told = deeds.filter(({ outcome }) => outcome !== 'kept');
  for (const { path, outcome } of told) process.stdout.write(`${path}: ${WORDS[outcome]}\n`);
  if (told.length === 0)
    process.stdout.write(`Nothing to do: all ${deeds.length} files and folders are there.\n`);
}
