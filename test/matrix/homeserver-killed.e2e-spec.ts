import { eventIdOf } from '../../deploy/local/src/scenario/verify';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { emptyQueues, deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';
import type { Communication } from '@medplum/fhirtypes';

/*
 * Synapse keeps in its memory what is said while a transaction is under way, and notes at once that it has told of it.
 * Killed, it goes on behind that.
 */

let care: CareConversation;

beforeAll(async () => {
  // Compared is at a start, and no other time.
  care = await startCareConversation({
    homeservers: 'vvt',
    settings: { MATRIX_RESYNC_INTERVAL_MS: '86400000' },
  });
}, 180_000);

afterAll(() => care?.stop(outcomeOfSteps()), 60_000);

/** In the order in which they were recorded. */
async function recorded(said: readonly string[]): Promise<string[]> {
  const { network, thread } = care;
  const records = await network.fhir.search<Communication>('Communication', {
    'part-of': `CommunicationRequest/${thread.request.id}`,
  });
  const at = ({ meta }: Communication) => Date.parse(meta!.lastUpdated!);
  return records
    .sort((one, other) => at(one) - at(other))
    .flatMap((record) => eventIdOf(record) ?? [])
    .filter((eventId) => said.includes(eventId));
}

describe('what is said just before our homeserver is killed', () => {
  const said: string[] = [];
  const say = async (text: string): Promise<void> => {
    const { network, thread } = care;
    said.push((await network.nurse.matrix.say(thread.roomId, text)).eventId);
  };

  step(
    'is recorded before what is said after that, though the homeserver never tells of it',
    async () => {
      const { bridge, federation } = care.stack;
      const { vvt } = federation.homeservers;
      await say('Before all of it');
      await until('the first record', async () => (await recorded(said)).length === 1);
      bridge['as-ingress'].kill('SIGSTOP');
      for (let index = 1; index <= 5; index++) await say(`Before the homeserver is killed ${index}`);
      vvt.process.kill('SIGKILL');
      await vvt.process.exited;
      bridge['as-ingress'].kill('SIGCONT');
      await vvt.process.start();
      await say('After the homeserver is back');
      await until('the last record', async () => (await recorded(said)).includes(said.at(-1)!));
      await emptyQueues(federation.natsUrl);
      expect(await recorded(said)).toEqual(said);
      expect(await deadLetterKinds(federation.natsUrl)).toEqual([]);
    },
    240_000,
  );
});
