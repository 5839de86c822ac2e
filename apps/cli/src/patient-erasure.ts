import type { FhirRef, RoomId } from '@bridge/contracts';
import type { ErasureStore, PatientTraces } from '@bridge/persistence';
import type { DeadLetterBox, KeptDeadLetter, QueueBacklog } from '@bridge/queue';
import type { Output } from './dead-letter-commands';
import type { OperatorAudit } from './operator-audit';
import type { SynapseAdmin } from './synapse-admin';

/** What there is of a patient. */
interface Found extends PatientTraces {
  /** What the bridge could not do of it. */
  readonly letters: readonly KeptDeadLetter[];
  /** Messages about it that the workers are not done with. */
  readonly waiting: number;
  /** Dead letters that never had a key: nobody can tell whom they are about without reading them. */
  readonly unknown: number;
}

/** `bridge erase-patient`: takes a patient out of the bridge's database and off the own homeserver. */
export class PatientErasure {
  constructor(
    private readonly store: ErasureStore,
    private readonly box: DeadLetterBox,
    private readonly backlog: QueueBacklog,
    private readonly audit: OperatorAudit,
    /** Ours: others' homeservers are out of reach. */
    private readonly serverName: string,
    private readonly output: Output,
  ) {}

  /**
   * Says what would be erased, and what cannot be.
   * @param left Rooms that an earlier run has left
   */
  async show(patient: FhirRef, left: readonly RoomId[]): Promise<void> {
    const found = await this.find(patient, left);
    this.tell(found);
    for (const obstacle of obstacles(found)) this.output.note(`Not yet: ${obstacle}`);
    this.output.note('Nothing was changed: --yes does it.');
  }

  /**
   * Erases it: first the ghosts, then the database, by which everything is found, then the Rooms, of which nothing is
   * brought anywhere from then on. Cut off before the Rooms, it is run again; after that it tells what to run.
   * @throws Error when the record has not ended it, or it is being worked on: nothing is changed then
   */
  async erase(
    patient: FhirRef,
    left: readonly RoomId[],
    homeserver: SynapseAdmin,
    operator: string,
  ): Promise<void> {
    const found = await this.find(patient, left);
    const [obstacle] = obstacles(found);
    if (obstacle) throw new Error(obstacle);
    await homeserver.check();
    this.tell(found);
    const what = [...found.careTeams, ...found.conversations];
    await this.audit.aroundErasure(patient, what, operator, async () => {
      for (const ghost of found.ghosts) await homeserver.eraseUser(ghost);
      for (const letter of found.letters) await this.box.discard(letter);
      await this.store.erase(found);
      await this.eraseRooms(patient, found.rooms, homeserver);
    });
    this.output.note('Erased here.');
    for (const rest of byHand(found, this.serverName)) this.output.note(`By hand: ${rest}`);
  }

  private async eraseRooms(patient: FhirRef, rooms: readonly RoomId[], homeserver: SynapseAdmin) {
    for (const [index, room] of rooms.entries()) {
      try {
        // Nobody knows any more afterwards which they were.
        for (const file of await homeserver.filesIn(room)) await homeserver.deleteFile(file);
        await homeserver.deleteRoom(room);
      } catch (error) {
        const options = rooms.slice(index).map((each) => ` --room '${each}'`);
        this.output.note(
          `Left: run again \`erase-patient ${patient} --yes${options.join('')}\` with the rest`,
        );
        throw error;
      }
    }
  }

  private async find(patient: FhirRef, left: readonly RoomId[]): Promise<Found> {
    const traces = await this.store.find(patient);
    const rooms = [...new Set([...traces.rooms, ...left])];
    const keys = new Set<string>([...traces.careTeams, ...traces.conversations, ...rooms]);
    const letters = await this.box.choose();
    return {
      ...traces,
      rooms,
      letters: letters.filter(({ key }) => key !== undefined && keys.has(key)),
      waiting: await this.backlog.countOf([...keys]),
      unknown: letters.filter(({ key }) => key === undefined).length,
    };
  }

  private tell({ careTeams, conversations, rooms, persons, ghosts, letters, messages }: Found): void {
    for (const name of [...careTeams, ...conversations, ...persons, ...rooms, ...ghosts])
      this.output.result(name);
    this.output.note(
      `${careTeams.length} care teams, ${conversations.length} conversations with ${messages} messages, ` +
        `${persons.length} persons, ${rooms.length} Spaces and Rooms, ${ghosts.length} ghosts, ${letters.length} dead letters`,
    );
  }
}

/** Why it cannot be done now. */
function obstacles({ open, waiting }: Found): string[] {
  return [
    ...(open.length > 0
      ? [
          `the record has not ended ${open.join(', ')}, and would bring it back: end it there, and wait a minute`,
        ]
      : []),
    ...(waiting > 0 ? [`${waiting} messages about it are in the queue: let the workers finish`] : []),
  ];
}

/** What no command of ours reaches. */
function byHand({ servers, unknown }: Found, serverName: string): string[] {
  const partners = servers.filter((server) => server !== serverName);
  return [
    'the record itself. A CareTeam that is written there again makes a Space again: delete it if it is to go',
    ...(partners.length > 0
      ? [`the homeservers ${partners.join(', ')}: their administrators delete the Rooms that are named above`]
      : []),
    'copies of files from those homeservers on this one, until media_retention removes them',
    'direct chats of the bot with the patient and related persons, where they have accounts',
    ...(unknown > 0
      ? [`${unknown} dead letters without a key, which go after 30 days: look with --content`]
      : []),
    'backups, until they are too old to be kept; after restoring one, run this again',
  ];
}
