import { readFileSync } from 'node:fs';
import { FhirRef, RoomId } from '@bridge/contracts';
import { ErasureStore } from '@bridge/persistence';
import { loadConfig } from '@bridge/platform';
import { DeadLetterBox, QueueBacklog } from '@bridge/queue';
import type { INestApplicationContext } from '@nestjs/common';
import { type Command, InvalidArgumentError } from 'commander';
import type { Output } from './dead-letter-commands';
import { OperatorAudit } from './operator-audit';
import { PatientErasure } from './patient-erasure';
import { SynapseAdmin } from './synapse-admin';

interface Options {
  readonly yes?: boolean;
  readonly homeserver?: string;
  readonly tokenFile?: string;
  readonly room: readonly RoomId[];
  readonly operator: string;
}

/** How commands are run, and told in the audit. */
interface Running {
  readonly byOperator: (command: Command) => Command;
  readonly run: (act: (app: INestApplicationContext, output: Output) => Promise<void>) => Promise<void>;
}

/** Adds `erase-patient` to the commands. */
export function addErasure(program: Command, { byOperator, run }: Running): void {
  byOperator(program.command('erase-patient'))
    .description(
      'erases what the bridge and its homeserver hold of a patient; without --yes it only says what that is',
    )
    .argument('<patient>', 'its reference, such as Patient/42', patientIn)
    .option('--yes', 'does it')
    .option('--homeserver <url>', 'where Synapse listens, with its admin API')
    .option('--token-file <path>', "an administrator's access token; /dev/stdin: standard input")
    .option('--room <id>', 'a Room that an earlier run has left; more of them: repeated', addRoom, [])
    .action((patient: FhirRef, options: Options, command: Command) => {
      const homeserver = options.yes ? administered(options, command) : undefined;
      return run(async (app, output) => {
        const erasure = erasureOf(app, output);
        if (homeserver) await erasure.erase(patient, options.room, homeserver, options.operator);
        else await erasure.show(patient, options.room);
      });
    });
}

function erasureOf(app: INestApplicationContext, output: Output): PatientErasure {
  const { matrix } = loadConfig(['matrix']);
  return new PatientErasure(
    app.get(ErasureStore),
    app.get(DeadLetterBox),
    app.get(QueueBacklog),
    app.get(OperatorAudit),
    matrix.serverName,
    output,
  );
}

/** The bridge itself is no administrator, and its settings name none. */
function administered({ homeserver, tokenFile }: Options, command: Command): SynapseAdmin {
  if (homeserver === undefined || tokenFile === undefined)
    return command.error('Beside --yes there have to be --homeserver and --token-file.');
  try {
    return new SynapseAdmin(homeserver, readFileSync(tokenFile, 'utf8').trim());
  } catch {
    return command.error(`${tokenFile} cannot be read.`);
  }
}

function patientIn(text: string): FhirRef {
  const { data } = FhirRef.safeParse(text);
  if (!data?.startsWith('Patient/')) throw new InvalidArgumentError('Not a reference such as Patient/42.');
  return data;
}

function addRoom(text: string, before: readonly RoomId[]): RoomId[] {
  const { data } = RoomId.safeParse(text);
  if (!data) throw new InvalidArgumentError('Not a room id such as !opaque:care.example.');
  return [...before, data];
}
