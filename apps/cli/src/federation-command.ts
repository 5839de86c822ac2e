import { readFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { federationTable } from './federation/federation-table';
import { isRight } from './federation/finding';
import { HttpsGet } from './federation/https-get';
import { type FindSrv, partsOf } from './federation/server-address';
import { checkServer } from './federation/server-check';

type Connect = ReadonlyMap<string, { readonly host: string; readonly port: number }>;

interface Choice {
  readonly ca?: readonly string[];
  readonly connect?: Connect;
  readonly timeout: number;
  readonly json?: boolean;
}

/** Adds `federation check`, which needs none of the bridge's settings: a partner can run it as well. */
export function addFederationCheck(
  program: Command,
  told: (act: () => Promise<void>) => Promise<void>,
): void {
  program
    .command('federation')
    .description('the homeservers of the federation, as their partners see them')
    .command('check')
    .description(
      'looks whether partners can reach them, and who they show themselves to be; exit status 1: not all right',
    )
    .argument('<name...>', 'server names, such as care.example', serverNames)
    .option(
      '--ca <file>',
      'authorities that partners trust in place of the public ones (PEM); may be repeated',
      files,
    )
    .option(
      '--connect <from=to>',
      'connect elsewhere: care.example:443=192.0.2.1:8443; may be repeated',
      connections,
    )
    .option('--timeout <seconds>', 'for each answer', seconds, 10)
    .option('--json', 'for programs')
    .action((names: string[], choice: Choice) => told(() => check(names, choice)));
}

async function check(
  names: readonly string[],
  { ca, connect = new Map(), timeout, json }: Choice,
): Promise<void> {
  const https = new HttpsGet({ authorities: ca, timeoutMs: timeout * 1_000, connect });
  const means = { https, findSrv: srvFinder(timeout * 1_000), now: Date.now };
  const reports = await Promise.all(names.map((name) => checkServer(name, means)));
  const right = isRight(reports);
  const text = json
    ? JSON.stringify({ at: new Date().toISOString(), right, servers: reports }, null, 2)
    : federationTable(reports);
  process.stdout.write(`${text}\n`);
  if (!right) process.exitCode = 1;
}

/** SRV records by the machine's name servers. */
function srvFinder(timeoutMs: number): FindSrv {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  return async (name) => {
    try {
      const records = await resolver.resolveSrv(name);
      const [first] = records.sort(
        (one, other) => one.priority - other.priority || other.weight - one.weight,
      );
      return first;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') return undefined;
      throw error;
    }
  };
}

function serverNames(text: string, before: readonly string[] | undefined): string[] {
  if (!partsOf(text)) throw new InvalidArgumentError('Write it as care.example or care.example:8448.');
  return [...(before ?? []), text];
}

function files(path: string, before: readonly string[] | undefined): string[] {
  try {
    const text = readFileSync(path, 'utf8');
    if (!text.includes('-----BEGIN CERTIFICATE-----'))
      throw new InvalidArgumentError('No certificate in it.');
    return [...(before ?? []), text];
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError(`It cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function connections(text: string, before: Connect | undefined): Connect {
  const [from = '', to = '', ...more] = text.split('=');
  const target = partsOf(to);
  if (partsOf(from)?.port === undefined || target?.port === undefined || more.length > 0)
    throw new InvalidArgumentError('Write it as care.example:443=192.0.2.1:8443.');
  return new Map([...(before ?? []), [from, { host: target.host, port: target.port }]]);
}

function seconds(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 to 999.');
  return Number(text);
}
