import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { type RegistrationContent, startRegistrationService } from './registration-service';

const contacts = z.strictObject({
  invites: z.array(z.tuple([z.string(), z.string()])).default([]),
  support: z.record(z.string(), z.looseObject({})).default({}),
});

interface Options {
  readonly port: number;
  readonly list: string;
  readonly contacts?: string;
}

/** Both files are read at each request: what is changed in them counts at once. */
async function contentOf({ list, contacts: file }: Options): Promise<RegistrationContent> {
  const known = contacts.parse(file === undefined ? {} : JSON.parse(await readFile(file, 'utf8')));
  const jws = await readFile(list, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  return { list: jws, ...known };
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new InvalidArgumentError('Not a port.');
  }
  return number;
}

new Command('run-registration-service')
  .description('Stands in for the registration service of a federation, on 127.0.0.1.')
  .option('--port <n>', '0 takes a free one', port, 8080)
  .requiredOption('--list <file>', 'the signed federation list, of list-cli')
  .option(
    '--contacts <file>',
    'JSON: {"invites": [[inviter, invitee], …], "support": {"<first label of a server name>": {…}}}',
  )
  .showHelpAfterError()
  .action(async (options: Options) => {
    // What is wrong with the files is said now, and not at the first request.
    await contentOf(options);
    const { url } = await startRegistrationService(() => contentOf(options), options.port);
    process.stdout.write(`${url}\n`);
  })
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`run-registration-service: ${error.message}\n`);
    process.exitCode = 1;
  });
