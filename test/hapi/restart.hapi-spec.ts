import type { Subscription } from '@medplum/fhirtypes';
import { urlOf } from '../../deploy/local/src/bridge';
import { communication, subscription } from '../../deploy/local/src/example-data';
import { hapiServer } from '../../deploy/local/src/hapi-server-process';
import { recordOf, sayInMatrix, writeInFhir } from '../../deploy/local/src/scenario/play';
import { compareSides } from '../../deploy/local/src/scenario/verify';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { NotificationTap } from '../support/notification-tap';
import { deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';
import { until } from '../support/until';
import { deliveredWithinMs } from './hapi-fixture';

/*
 * HAPI FHIR with its database in a file, killed and started again under the bridge's hands. What it has not delivered
 * when it dies it never delivers: the bridge finds it.
 */

let care: CareConversation;
let tap: NotificationTap;

beforeAll(async () => {
  care = await startCareConversation({ fhirServer: (place) => hapiServer(place, { keeps: true }) });
  const { environment } = care.stack;
  tap = await NotificationTap.start(urlOf('fhir-ingress', environment));
  const { id } = await care.network.fhir.create<Subscription>(
    subscription('Communication?', tap.notifyUrl, environment.notificationSecret),
  );
  await until(
    'the Subscription to be active',
    async () => (await care.network.fhir.read<Subscription>('Subscription', id)).status === 'active',
  );
}, 300_000);

afterAll(async () => {
  await tap?.stop();
  await care?.stop(outcomeOfSteps());
}, 30_000);

const inMatrix = ['before the restart', 'while it is away', 'while it is still away', 'after the restart'];
const inFhir = ['written before the restart', 'written at the last moment', 'written after the restart'];

describe('HAPI FHIR, killed with SIGKILL and started again', () => {
  step('is followed before', async () => {
    const { thread, network } = care;
    await sayInMatrix(thread, network.gp, inMatrix[0]!);
    await writeInFhir(thread, inFhir[0]!);
  });

  step(
    'gets what was said in Matrix while it was away, and what it had not told of is found',
    async () => {
      const { thread, network, stack } = care;
      const { fhir, gp, carer, patient } = network;
      // Neither HAPI nor fhir-ingress has told anybody of it when HAPI dies.
      tap.refuseNext(Number.MAX_SAFE_INTEGER);
      await stack.bridge['fhir-ingress'].stop();
      await fhir.create(
        communication(thread.request.id, patient.id, thread.team.id, `RelatedPerson/${carer.id}`, inFhir[1]!),
      );
      stack.fhir.process.kill('SIGKILL');
      await stack.fhir.process.exited;
      await stack.bridge['fhir-ingress'].start();
      let lastEvent = '';
      for (const text of inMatrix.slice(1, 3)) {
        lastEvent = (await gp.matrix.say(thread.roomId, text)).eventId;
      }
      await stack.fhir.process.start();
      await recordOf(network, lastEvent);
      for (const { matrix } of [network.nurse, gp, network.pharmacist]) {
        await matrix.waitForMessage(thread.roomId, inFhir[1]!);
      }
    },
    300_000,
  );

  step('notifies of what is written afterwards, by the Subscriptions it had before', async () => {
    const { thread, network } = care;
    tap.refuseNext(0);
    const before = tap.seen.length;
    await writeInFhir(thread, inFhir[2]!);
    const isTold = () => tap.seen.slice(before).some(({ status }) => status === 204);
    await until('a notification', isTold, deliveredWithinMs);
    await sayInMatrix(thread, network.gp, inMatrix[3]!);
  });

  step('leaves every message on the other side exactly once and in order, and no dead letter', async () => {
    const { thread, network, stack } = care;
    const sides = await compareSides(network.fhir, network.nurse.matrix, thread.roomId, thread.request.id, {
      inMatrix,
      inFhir,
    });
    expect(sides).toMatchObject({ lost: [], duplicated: [], disordered: [] });
    expect(await deadLetterKinds(stack.federation.natsUrl)).toEqual([]);
  });
});
