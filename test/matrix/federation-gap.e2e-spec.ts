import type { Communication } from '@medplum/fhirtypes';
import { eventIdOf } from '../../deploy/local/src/scenario/verify';
import { until } from '../../deploy/local/src/until';
import { readArrivals } from '../chaos/arrivals';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { emptyQueues, deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/**
 * More than a homeserver that comes back is brought: its partner sends it the newest event of the Room, it fetches ten
 * before that one, and is content. What is left takes it several times to fetch: a hundred events at a time, with those
 * that it has.
 */
const messages = 130;

let care: CareConversation;

beforeAll(async () => {
  // Compared is at a start, and when somebody asks for it.
  care = await startCareConversation({ settings: { MATRIX_RESYNC_INTERVAL_MS: '86400000' } });
}, 180_000);

afterAll(() => care?.stop(outcomeOfSteps()), 60_000);

/** Events that the homeserver of the bridge was never told of in time, so that it tells the bridge of none of them. */
async function untold(said: readonly string[]): Promise<string[]> {
  const arrivals = await readArrivals(care.stack.federation.homeservers.vvt);
  return said.filter((eventId) => !arrivals.has(eventId));
}

async function recorded(said: readonly string[]): Promise<string[]> {
  const { network, thread } = care;
  const records = await network.fhir.search<Communication>('Communication', {
    'part-of': `CommunicationRequest/${thread.request.id}`,
  });
  return records.flatMap((record) => eventIdOf(record) ?? []).filter((eventId) => said.includes(eventId));
}

describe('what people of another organisation said while our homeserver was dead', () => {
  const said: string[] = [];

  step('is not all brought by the federation when it is back', async () => {
    const { stack, network, thread } = care;
    const { vvt } = stack.federation.homeservers;
    // It would compare the Room as soon as an event comes late.
    await stack.bridge['room-manager'].stop();
    vvt.process.kill('SIGKILL');
    await vvt.process.exited;
    for (let index = 1; index <= messages; index++)
      said.push((await network.gp.matrix.say(thread.roomId, `Unheard ${index}`)).eventId);
    await vvt.process.start();
    // A homeserver that hears from another one knows that it is back.
    await network.nurse.matrix.say(thread.roomId, 'Back again.');
    await network.nurse.matrix.waitForMessage(thread.roomId, `Unheard ${messages}`);
    expect((await untold(said)).length).toBeGreaterThan(50);
  });

  step(
    'is in the record after a comparison, each once, though the homeserver never tells of it',
    async () => {
      const { bridge, federation } = care.stack;
      const missed = await untold(said);
      await bridge['room-manager'].start();
      const isAllRecorded = async () => new Set(await recorded(said)).size === said.length;
      await until('all of it in the record', isAllRecorded, 90_000);
      await emptyQueues(federation.natsUrl, 90_000);
      expect((await recorded(said)).sort()).toEqual([...said].sort());
      expect(await untold(said)).toEqual(missed);
      expect(await deadLetterKinds(federation.natsUrl)).toEqual([]);
    },
    240_000,
  );
});
