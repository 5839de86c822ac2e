import type { CareTeam, Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { eventIdentifier } from '../event-identifier';
import { communication, communicationRequest, participant, roles } from '../example-data';
import { meet, type SeenEvent, type SeenInvite } from '../matrix-user';
import { until } from '../until';
import { type CareNetwork, type Professional, teamOf } from './network';
import type { Timeline } from './timeline';

/** Where the scenario plays, once it has begun. */
export interface Stage {
  readonly network: CareNetwork;
  readonly timeline: Timeline;
  team: CareTeam & { id: string };
  readonly spaceId: string;
  /** What each invited professional's client was shown. */
  readonly invites: Readonly<Record<string, SeenInvite>>;
}

export interface Thread extends Stage {
  readonly request: CommunicationRequest & { id: string };
  readonly roomId: string;
}

/** Step 1: the CareTeam is made in FHIR; those with an account find an invite to its Space, and accept. */
export async function createCareTeam(network: CareNetwork, timeline: Timeline): Promise<Stage> {
  const { fhir, gp, pharmacist, nurse } = network;
  const from = performance.now();
  const team = await fhir.create(teamOf(network));
  timeline.add({
    who: 'Organisation vvt',
    where: 'FHIR',
    what: 'makes the care team',
    fhir: `CareTeam/${team.id}`,
  });
  const invites: Record<string, SeenInvite> = {};
  for (const professional of [nurse, gp, pharmacist]) {
    const { matrix, name } = professional;
    const invite = await matrix.waitFor('an invite to the Space', () => [...matrix.invites.values()][0]);
    invites[name] = invite;
    timeline.add({
      who: name,
      where: professional.organisation,
      what: 'is invited to the Space',
      latencyMs: performance.now() - from,
    });
    await matrix.accept(invite.roomId);
  }
  return { network, timeline, team, invites, spaceId: invites[gp.name]!.roomId };
}

/** Step 2: the informal carer starts a thread in FHIR; it becomes a Room with the first message in it. */
export async function startThread(stage: Stage, text: string): Promise<Thread> {
  const { network, timeline, team, spaceId } = stage;
  const { fhir, carer, patient, gp, pharmacist, nurse } = network;
  const from = performance.now();
  const request = await fhir.create(
    communicationRequest(patient.id, team.id, `RelatedPerson/${carer.id}`, text),
  );
  timeline.add({
    who: 'Informal carer',
    where: 'FHIR',
    what: `starts a thread: “${text}”`,
    fhir: `CommunicationRequest/${request.id}`,
  });
  let roomId = '';
  for (const professional of [nurse, gp, pharmacist]) {
    const { matrix, name } = professional;
    const invite = await matrix.waitFor('an invite to the Room', () =>
      [...matrix.invites.values()].find((each) => each.roomId !== spaceId),
    );
    roomId = invite.roomId;
    timeline.add({
      who: name,
      where: professional.organisation,
      what: 'is invited to the Room',
      latencyMs: performance.now() - from,
    });
    await matrix.accept(roomId);
    const first = await readableMessage(professional, roomId, text);
    timeline.add({
      who: name,
      where: professional.organisation,
      what: `reads “${text}”`,
      event: first.event_id,
    });
  }
  await meet(roomId, [nurse.matrix, gp.matrix, pharmacist.matrix]);
  return { ...stage, request, roomId };
}

/** Step 3: somebody says something in Matrix; it is in the record. */
export async function sayInMatrix(
  thread: Thread,
  professional: Professional,
  text: string,
  more: { inReplyTo?: string; content?: object } = {},
) {
  const { network, timeline, roomId } = thread;
  const { inReplyTo, content } = more;
  const reply = inReplyTo ? { 'm.relates_to': { 'm.in_reply_to': { event_id: inReplyTo } } } : {};
  const { eventId, saidAt } = await professional.matrix.say(roomId, text, { ...reply, ...content });
  timeline.add({
    who: professional.name,
    where: professional.organisation,
    what: `says “${text}”`,
    event: eventId,
  });
  const recorded = await recordOf(network, eventId);
  timeline.add({
    who: 'Bridge',
    where: 'FHIR',
    what: 'has recorded it',
    fhir: `Communication/${recorded.id}`,
    latencyMs: performance.now() - saidAt,
  });
  return { eventId, recorded };
}

/** Step 4: the informal carer answers in FHIR; it is read on every homeserver. */
export async function writeInFhir(
  thread: Thread,
  text: string,
  inResponseTo?: string,
  readers: readonly Professional[] = [thread.network.nurse, thread.network.gp, thread.network.pharmacist],
): Promise<{ written: Communication & { id: string }; seen: SeenEvent[] }> {
  const { network, timeline, roomId, request, team } = thread;
  const { fhir, carer, patient } = network;
  const from = performance.now();
  const written = await fhir.create(
    communication(request.id, patient.id, team.id, `RelatedPerson/${carer.id}`, text, inResponseTo),
  );
  timeline.add({
    who: 'Informal carer',
    where: 'FHIR',
    what: `writes “${text}”`,
    fhir: `Communication/${written.id}`,
  });
  const seen: SeenEvent[] = [];
  for (const professional of readers) {
    const event = await professional.matrix.waitForMessage(roomId, text);
    seen.push(event);
    timeline.add({
      who: professional.name,
      where: professional.organisation,
      what: `reads “${text}”`,
      event: event.event_id,
      latencyMs: event.seenAt - from,
    });
  }
  return { written, seen };
}

/** Step 5: the pharmacist leaves the care team in FHIR, a physiotherapist comes. */
export async function changeTeam(thread: Thread): Promise<void> {
  const { network, timeline, spaceId, roomId } = thread;
  const { fhir, gp, pharmacist, physiotherapist } = network;
  const remaining = (thread.team.participant ?? []).filter(
    ({ member }) => member?.reference !== `Practitioner/${pharmacist.resource.id}`,
  );
  const newcomer = participant(`Practitioner/${physiotherapist.resource.id}`, roles.physiotherapist);
  const from = performance.now();
  thread.team = (await fhir.update<CareTeam>({
    ...thread.team,
    participant: [...remaining, newcomer],
  })) as Thread['team'];
  timeline.add({
    who: 'Organisation vvt',
    where: 'FHIR',
    what: 'replaces the pharmacist by a physiotherapist',
    fhir: `CareTeam/${thread.team.id}`,
  });
  for (const place of [spaceId, roomId]) {
    await pharmacist.matrix.waitFor('the removal', () => pharmacist.matrix.left.has(place));
    await physiotherapist.matrix.accept(place);
  }
  const latencyMs = performance.now() - from;
  await meet(roomId, [gp.matrix, physiotherapist.matrix]);
  timeline.add({ who: pharmacist.name, where: 'apotheek', what: 'is out of Space and Room', latencyMs });
  timeline.add({ who: physiotherapist.name, where: 'vvt', what: 'has joined Space and Room', latencyMs });
}

/** The record of an event, as soon as it can be read. */
export async function recordOf(
  network: CareNetwork,
  eventId: string,
): Promise<Communication & { id: string }> {
  return until(`the record of ${eventId}`, async () => {
    const identifier = eventIdentifier(eventId);
    return (await network.fhir.search<Communication>('Communication', { identifier }))[0] as
      (Communication & { id: string }) | undefined;
  });
}

/** A message that may be older than the reader's membership: then it is fetched from the other homeserver. */
async function readableMessage({ matrix }: Professional, roomId: string, body: string) {
  return until(`“${body}” on ${matrix.clientUrl}`, async () =>
    (await matrix.history(roomId)).find(
      ({ type, content }) => type === 'm.room.message' && content.body === body,
    ),
  );
}
