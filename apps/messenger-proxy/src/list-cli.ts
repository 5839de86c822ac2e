import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { readSignedList } from './federation-list/signed-list';
import { makeListKey, signList } from './federation-list/sign-list';

const DAY_MS = 24 * 3_600_000;

interface SignOptions {
  readonly key: string;
  readonly output: string;
  readonly validDays: number;
  readonly version?: number;
}

const program = new Command('federation-list')
  .description('Makes and checks the signed list of homeservers that the messenger proxy goes by.')
  .showHelpAfterError();

program
  .command('keys')
  .description('makes a key pair; the private one is written to <name>.key, the public one to <name>.pub')
  .argument('<name>', 'path and name of the files, without an ending')
  .action((name: string) => {
    for (const file of [`${name}.key`, `${name}.pub`]) {
      if (existsSync(file)) throw new Error(`${file} is there already, and is not overwritten`);
    }
    const { privateKey, publicKey } = makeListKey();
    writeFileSync(`${name}.key`, privateKey, { mode: 0o600, flag: 'wx' });
    writeFileSync(`${name}.pub`, publicKey, { flag: 'wx' });
    process.stdout.write(`${name}.key and ${name}.pub made; PROXY_LIST_KEY_FILE=${name}.pub\n`);
  });

program
  .command('sign')
  .description('signs a list of these homeservers; its version is one more than that of the list it replaces')
  .argument('<server...>', 'server names')
  .requiredOption('--key <file>', 'the private key')
  .requiredOption('--output <file>', 'the signed list')
  .option('--valid-days <n>', 'after so many days it says nothing any more', wholeNumber, 30)
  .option('--version <n>', 'its version, where there is no list to go on from', wholeNumber)
  .action(sign);

program
  .command('show')
  .description('checks a signed list and shows it')
  .argument('<file>', 'the signed list')
  .requiredOption('--public-key <file>', 'the public key')
  .action(async (file: string, { publicKey }: { publicKey: string }) => {
    const key = createPublicKey(readFileSync(publicKey, 'utf8'));
    const list = await readSignedList(
      readFileSync(file, 'utf8').trim(),
      { kind: 'key', algorithm: 'ES256', publicKey: key },
      new Date(),
    );
    const until = list.validUntil ? `, valid until ${list.validUntil.toISOString()}` : '';
    process.stdout.write(`version ${list.version}${until}\n${list.domains().join('\n')}\n`);
  });

async function sign(servers: string[], { key, output, validDays, version }: SignOptions): Promise<void> {
  const privateKey = readFileSync(key, 'utf8');
  const draft = {
    version: version ?? versionOf(output) + 1,
    domains: servers,
    validUntil: new Date(Date.now() + validDays * DAY_MS),
  };
  writeFileSync(output, `${await signList(draft, privateKey)}\n`);
  process.stdout.write(
    `${output}: version ${draft.version}, ${servers.length} homeservers, ${validDays} days\n`,
  );
}

/** The version in a list that is there; 0 without one. It is ours, so it is read without being checked. */
function versionOf(file: string): number {
  if (!existsSync(file)) return 0;
  const payload = Buffer.from(readFileSync(file, 'utf8').split('.')[1] ?? '', 'base64url').toString('utf8');
  return (JSON.parse(payload) as { version: number }).version;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Not a whole number above 0.');
  return number;
}

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`federation-list: ${error.message}\n`);
  process.exitCode = 1;
});
