import type { Communication, CommunicationRequest, OperationOutcome, Task } from '@medplum/fhirtypes';
import { communication, patientWords } from '../../deploy/local/src/example-data';
import { recordOf, sayInMatrix, writeInFhir } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { deliverVersion } from '../support/deliver-version';
import { playConversation } from '../support/play-step';
import { deadLetterKinds, deadLetterPayloads } from '../support/queue-evidence';

/* What the states of a conversation, and those of its messages, do in Matrix. The steps build on each other. */

const play = playConversation({
  homeservers: 'vvt',
  settings: {
    FHIR_PULL_INTERVAL_MS: '1000',
    FHIR_REQUEST_REFERENCE: 'both',
    FHIR_WRITE_TASKS: 'true',
  },
});
const { step } = play;
const network = () => play.scene.network;
const eventIds = 'https://matrix.org/event-id';

type Written = Communication & { id: string };

async function write(text: string, more: Partial<Communication> = {}): Promise<Written> {
  const { carer, patient, fhir } = network();
  const { request, team } = play.scene.thread;
  const base = communication(request.id, patient.id, team.id, `RelatedPerson/${carer.id}`, text);
  return fhir.create<Communication>({ ...base, ...more });
}

const current = ({ id }: { id: string }) => network().fhir.read<Communication>('Communication', id);

async function change(written: Written, more: Partial<Communication>): Promise<void> {
  await network().fhir.update<Communication>({ ...(await current(written)), ...more });
}

const bodies = async () =>
  (await network().gp.matrix.history(play.scene.thread.roomId))
    .filter(({ type, content }) => type === 'm.room.message' && content.body !== undefined)
    .map(({ content }) => String(content.body));

const read = (text: string) => until(`“${text}”`, async () => (await bodies()).includes(text) || undefined);

/** What posting takes, and what the GP has. */
async function mayPost(): Promise<boolean> {
  const { matrix } = network().gp;
  const state = await matrix.state(play.scene.thread.roomId);
  const levels = state.find(({ type }) => type === 'm.room.power_levels')!.content;
  const { events_default: needed, users } = levels as { events_default: number; users: object };
  return ((users as Record<string, number>)[matrix.userId] ?? 0) >= needed;
}

async function setStatus(status: CommunicationRequest['status']): Promise<void> {
  const { fhir } = network();
  const request = await fhir.read<CommunicationRequest>('CommunicationRequest', play.scene.thread.request.id);
  await fhir.update<CommunicationRequest>({ ...request, status });
}

describe('the state of a CommunicationRequest', () => {
  for (const status of ['on-hold', 'completed', 'revoked', 'unknown'] as const) {
    step(`${status}: members may read and not post, until it is active again`, async () => {
      await setStatus(status);
      await until('the Room to be closed', async () => !(await mayPost()));
      const { gp } = network();
      await expect(gp.matrix.say(play.scene.thread.roomId, 'Let me in.')).rejects.toThrow(/403/);
      await setStatus('active');
      await until('the Room to be open', mayPost);
    });
  }

  step('completed: what is written in FHIR all the same is said by the person’s ghost', async () => {
    await setStatus('completed');
    await until('the Room to be closed', async () => !(await mayPost()));
    await writeInFhir(play.scene.thread, 'One more thing, for the record.');
    expect(await mayPost()).toBe(false);
    await setStatus('active');
    await until('the Room to be open', mayPost);
  });

  step('draft: the Room is open', async () => {
    await setStatus('draft');
    await sayInMatrix(play.scene.thread, network().gp, 'Said while it is a draft.');
    await setStatus('active');
  });
});

describe('the state of a Communication', () => {
  step('preparation, on-hold, stopped, unknown: nothing is said, and nothing is taken back', async () => {
    const written: Written[] = [];
    for (const status of ['preparation', 'on-hold', 'stopped', 'unknown'] as const)
      written.push(await write(`not said: ${status}`, { status }));
    const said = await write('said: in progress', { status: 'in-progress' });
    await read('said: in progress');
    await change(said, { status: 'stopped' });
    await write('said after that');
    await read('said after that');
    expect((await bodies()).filter((body) => body.startsWith('not said'))).toEqual([]);
    expect(await bodies()).toContain('said: in progress');
  });

  step('not-done: it was never said, so it is taken back', async () => {
    const written = await write('Not done after all.');
    await read('Not done after all.');
    await change(written, { status: 'not-done' });
    await until('the redaction', async () => !(await bodies()).includes('Not done after all.'));
  });
});

describe('a Communication that was written in FHIR', () => {
  let written: Written;

  step('is given its event as one more identifier, once', async () => {
    written = await write('To be found by its event.', { identifier: [{ system: 'urn:ehr', value: '7' }] });
    const event = await network().gp.matrix.waitForMessage(
      play.scene.thread.roomId,
      'To be found by its event.',
    );
    const after = await until('the identifier', async () => {
      const now = await current(written);
      return now.identifier?.some(({ system }) => system === eventIds) && now;
    });
    expect(after.identifier).toEqual([
      { system: 'urn:ehr', value: '7' },
      { system: eventIds, value: event.event_id },
    ]);
    expect(after.payload).toEqual(written.payload);
  });

  step('is still its author’s to change, and the bridge’s own change is no edit', async () => {
    await change(written, { payload: [{ contentString: 'Found by its event.' }] });
    const { roomId } = play.scene.thread;
    const edits = await until('the edit', async () => {
      const history = await network().gp.matrix.history(roomId);
      const found = history.filter(({ content }) =>
        String(content.body).toLowerCase().includes('found by its event.'),
      );
      return found.length > 1 && found;
    });
    expect(edits.map(({ content }) => content.body)).toEqual([
      'To be found by its event.',
      '* Found by its event.',
    ]);
    const versions = (await current(written)).meta?.versionId;
    await write('said after the edit');
    await read('said after the edit');
    expect((await current(written)).meta?.versionId).toBe(versions);
  });

  step('is taken back when it was entered in error, though it names its event', async () => {
    await change(written, { status: 'entered-in-error' });
    await until('the redaction', async () => !(await bodies()).includes('To be found by its event.'));
  });
});

describe('what members have yet to read', () => {
  const professional = (who: { resource: { id: string } }) => `Practitioner/${who.resource.id}`;

  /** By owner: the state of their Task, and what it says is the newest message. */
  async function tasks(): Promise<Record<string, string[]>> {
    const found = await network().fhir.search<Task>('Task', {
      'based-on': `CommunicationRequest/${play.scene.thread.request.id}`,
    });
    const byOwner: Record<string, string[]> = {};
    for (const { owner, status, focus } of found)
      (byOwner[owner!.reference!] ??= []).push(`${status} ${focus?.reference}`);
    return byOwner;
  }

  const settled = (what: string, expected: () => Record<string, string>) =>
    until(what, async () => {
      const now = await tasks();
      return Object.entries(expected()).every(([owner, state]) => now[owner]?.includes(state));
    });

  step('is a Task for each of them, by what is said in Matrix', async () => {
    const { gp, nurse, pharmacist, carer } = network();
    const { recorded } = await sayInMatrix(play.scene.thread, gp, 'Something to read.');
    const unread = `requested Communication/${recorded.id}`;
    await settled('the Tasks', () => ({
      [professional(nurse)]: unread,
      [professional(pharmacist)]: unread,
      [`RelatedPerson/${carer.id}`]: unread,
    }));
  });

  step('is the same Task again, by what is written in FHIR; who writes has read', async () => {
    const { gp, nurse, carer } = network();
    const before = (await tasks())[`RelatedPerson/${carer.id}`]![0]!;
    const written = await write('Something more to read.');
    await read('Something more to read.');
    await settled('the Tasks', () => ({
      [professional(gp)]: `requested Communication/${written.id}`,
      [professional(nurse)]: `requested Communication/${written.id}`,
      [`RelatedPerson/${carer.id}`]: before.replace('requested', 'completed'),
    }));
    for (const states of Object.values(await tasks())) expect(states).toHaveLength(1);
  });

  step('is not there any more for whom it is read by, and comes back with no later version', async () => {
    const { nurse } = network();
    const written = await write('To be read by the nurse.');
    const { roomId } = play.scene.thread;
    const event = await nurse.matrix.waitForMessage(roomId, 'To be read by the nurse.');
    await nurse.matrix.markRead(roomId, event.event_id);
    const isRead = { [professional(nurse)]: `completed Communication/${written.id}` };
    await settled('the Task', () => isRead);
    await change(written, { payload: [{ contentString: 'Read by the nurse.' }] });
    await until('the edit', async () => (await bodies()).includes('* Read by the nurse.'));
    expect(await tasks()).toMatchObject({ [professional(nurse)]: Object.values(isRead) });
  });
});

describe('the record of what is said in Matrix', () => {
  step('names its conversation in partOf and basedOn, with types, where both are wanted', async () => {
    const { thread } = play.scene;
    const { recorded } = await sayInMatrix(thread, network().nurse, 'Named twice.');
    const request = { reference: `CommunicationRequest/${thread.request.id}`, type: 'CommunicationRequest' };
    expect(recorded).toMatchObject({ partOf: [request], basedOn: [request] });
    expect(recorded.medium?.[0]?.coding?.[0]?.code).toBe('WRITTEN');
    expect(await recordOf(network(), recorded.identifier![0]!.value!)).toEqual(recorded);
  });

  step('leaves nothing among the dead letters', async () => {
    expect(await deadLetterKinds(play.scene.stack.federation.natsUrl)).toEqual([]);
  });
});

describe('a version that is no valid FHIR', () => {
  step('is a dead letter that tells where it is wrong, not what it says; the rest goes on', async () => {
    const { natsUrl } = play.scene.stack.federation;
    const valid = await write('Written before.');
    const invalid = {
      ...valid,
      meta: { ...valid.meta, versionId: '99', lastUpdated: new Date().toISOString() },
      status: 'Willemijn Oosterhuis',
      sent: '23 July 1941',
      payload: [{ contentString: 'Never to be said.', patientNumber: '999911120' }],
    };
    await deliverVersion(natsUrl, invalid as unknown as Communication);
    await write('Written after.');
    await read('Written after.');
    expect(await bodies()).not.toContain('Never to be said.');
    expect(await deadLetterKinds(natsUrl)).toEqual(['fhir.changed']);
    const [letter] = await deadLetterPayloads(natsUrl);
    const { ref, outcome } = JSON.parse(letter!.toString()) as { ref: string; outcome: OperationOutcome };
    expect(ref).toBe(`Communication/${valid.id}`);
    expect(outcome.issue.map(({ code, expression }) => [code, expression?.[0]])).toEqual(
      expect.arrayContaining([
        ['code-invalid', 'Communication.status'],
        ['value', 'Communication.sent'],
        ['structure', 'Communication.payload[0].patientNumber'],
      ]),
    );
    for (const word of [...patientWords, '23 July', 'Never to be said'])
      expect(letter!.toString()).not.toContain(word);
  });
});
