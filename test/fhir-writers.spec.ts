import { EventId, FhirRef, MatrixEvent, RoomId, UserId } from '@bridge/contracts';
import {
  archivedRequest,
  completed,
  edited,
  offeredFile,
  readContent,
  recaptioned,
  redacted,
  toAuditEvent,
  toCommunication,
  toCommunicationRequest,
  toDocumentReference,
  toUnreadTask,
  whoIs,
  withEventId,
  withFile,
  withLateFile,
  withNewest,
  withMember,
  withReaction,
  withdrawn,
  withoutFile,
  withoutMember,
} from '@bridge/mapping';
import type {
  CareTeam,
  Communication,
  CommunicationRequest,
  Reference,
  Resource,
  Task,
} from '@medplum/fhirtypes';
import { ResourceCheck } from '../apps/fhir-mapper/src/resource-check';
import type { FhirClient } from '@bridge/fhir';

/* Everything that the bridge writes into a record is valid FHIR R4, and as the OZO profiles have it. */

let check: ResourceCheck;
beforeAll(() => {
  check = new ResourceCheck({ checkBeforeWrite: () => undefined } as unknown as FhirClient);
  check.onModuleInit();
}, 60_000);

const ref = (reference: string) => FhirRef.parse(reference);
const at = new Date('2026-03-10T12:00:00Z');
const serverName = 'care.example';
const said = (content: Record<string, unknown>): MatrixEvent =>
  MatrixEvent.parse({
    event_id: '$event',
    room_id: '!room',
    sender: '@gp:care.example',
    type: 'm.room.message',
    origin_server_ts: at.getTime(),
    content,
  });
const context = {
  conversation: ref('CommunicationRequest/c'),
  subject: ref('Patient/p'),
  encounter: ref('Encounter/e'),
  parties: [ref('CareTeam/clinic'), ref('CareTeam/pharmacy'), ref('RelatedPerson/r')],
  sender: ref('Practitioner/gp'),
  inResponseTo: ref('Communication/m0'),
  threadRoot: undefined,
  mentioned: [ref('RelatedPerson/r')],
  requestIn: 'part-of' as const,
  serverName,
};
const text = said({
  msgtype: 'm.text',
  body: 'One pill',
  format: 'org.matrix.custom.html',
  formatted_body: '<b>One</b> pill',
});
const record: Communication = { ...toCommunication(text, readContent(text), context), id: 'm1' };
const picture = said({
  msgtype: 'm.image',
  body: 'Look',
  filename: 'wound.png',
  url: 'mxc://care.example/a',
  info: { mimetype: 'image/png' },
});
const file = offeredFile(picture)!;
const pictured: Communication = { ...toCommunication(picture, readContent(picture), context), id: 'm2' };
const attachment = {
  contentType: 'image/png',
  title: 'wound.png',
  size: 7,
  hash: '2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
  url: 'Binary/b',
};
const withPicture = withFile(pictured, file, { contentAttachment: attachment });
const late = withoutFile(pictured, file, 'file-late');
const editor = { event: text, resource: ref('Practitioner/gp') };
const edit = (before: Communication, event: MatrixEvent) =>
  edited(
    before,
    recaptioned(before, event, { content: readContent(event), mentioned: [ref('Practitioner/n')] }),
    editor,
  ) as Communication;
const request: CommunicationRequest = {
  ...toCommunicationRequest({
    careTeam: ref('CareTeam/clinic'),
    subject: ref('Patient/p'),
    requester: ref('Practitioner/gp'),
    topic: 'Wound',
    identifier: RoomId.parse('!room'),
    startedAt: at,
    serverName,
  }),
  id: 'c',
};
const team: CareTeam = {
  resourceType: 'CareTeam',
  id: 't',
  participant: [{ member: { reference: 'Practitioner/gp' } }],
};
const task: Task = {
  resourceType: 'Task',
  id: 't',
  status: 'requested',
  intent: 'order',
  basedOn: [{ reference: 'CommunicationRequest/c' }],
  for: { reference: 'Patient/p', type: 'Patient' },
  owner: { reference: 'Practitioner/gp', type: 'Practitioner' },
};

const unread = toUnreadTask(
  { conversation: ref('CommunicationRequest/c'), owner: ref('Practitioner/gp') },
  { newest: ref('Communication/m1'), subject: ref('Patient/p'), at, serverName },
);
const reading = { reader: ref('Practitioner/gp'), what: ref('Communication/m1'), readAt: at, serverName };
const reaction = {
  key: '👍',
  who: whoIs(UserId.parse('@x:y'), ref('Practitioner/gp')),
  eventId: EventId.parse('$r'),
};

/** Each writer, and what it makes. */
const written: Readonly<Record<string, Resource | undefined>> = {
  'a message': record,
  'a message that names its conversation in basedOn': toCommunication(text, readContent(text), {
    ...context,
    requestIn: 'both',
  }),
  'a message in a thread': toCommunication(text, readContent(text), {
    ...context,
    threadRoot: ref('Communication/m0'),
  }),
  'a message that cannot be held': toCommunication(
    said({ msgtype: 'm.location', body: 'x' }),
    readContent(said({ msgtype: 'm.location', body: 'x' })),
    context,
  ),
  'a notice': toCommunication(
    said({ msgtype: 'm.notice', body: 'x' }),
    readContent(said({ msgtype: 'm.notice', body: 'x' })),
    context,
  ),
  'a file': withPicture,
  'a file that is a document': withFile(pictured, file, {
    contentReference: { reference: 'DocumentReference/d', type: 'DocumentReference' },
  }),
  'a file that is refused': withoutFile(pictured, file, 'file-too-large'),
  'a file that comes later': late,
  'a late file': withLateFile(late, { contentAttachment: attachment }),
  'a document': toDocumentReference(pictured, attachment),
  'a withdrawn document': withdrawn(toDocumentReference(pictured, attachment)),
  'an edited message': edit(record, said({ msgtype: 'm.text', body: 'No pill' })),
  'an edited caption': edit(withPicture, said({ ...picture.content, body: 'Look again' })),
  'a redacted message': redacted(record, said({ redacts: '$event', reason: 'mistake' })),
  'a reaction': withReaction(record, reaction),
  'an event id': withEventId({ ...record, identifier: undefined }, EventId.parse('$said')),
  'a conversation': request,
  'a closed conversation': archivedRequest(request),
  'a reading': toAuditEvent(reading),
  'a completed Task': completed(task, at),
  'a Task of something to read': unread,
  'a Task of something newer': withNewest(unread, ref('Communication/m2'), at),
  'a new member': withMember(team, ref('RelatedPerson/r'), () => false, at),
  'a former member': withoutMember(team, () => true, at),
};

describe.each(Object.entries(written))('%s', (_name, resource) => {
  it('is valid FHIR R4', () => {
    expect(resource).toBeDefined();
    expect(check.outcomeOf(resource!)).toBeUndefined();
    expect(emptyListsIn(resource)).toEqual([]);
  });

  it('is as the OZO profiles have it', () => {
    expect(ozoFaults(resource!)).toEqual([]);
  });
});

it('the checks find what they are for', () => {
  expect(ozoFaults({ ...record, partOf: undefined, sender: { reference: 'Practitioner/a' } })).toEqual([
    'partOf is required',
    'sender has no type',
  ]);
  expect(emptyListsIn({ a: [{ b: [] }] })).toEqual(['a.0.b']);
});

/** FHIR allows no empty list (R4, json.html), and the library lets them pass. */
function emptyListsIn(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node) && node.length === 0) return [path];
  return Object.entries(node).flatMap(([name, value]) =>
    emptyListsIn(value, path === '' ? name : `${path}.${name}`),
  );
}

/**
 * What the OZO profiles demand beyond R4 (OZOCommunication, OZOCommunicationRequest, OZOTask): elements that are required,
 * and references with their types. What stood in a resource of somebody else before is theirs.
 */
function ozoFaults(resource: Resource): string[] {
  const fields = resource as unknown as Record<string, unknown>;
  const { required, typed } = ozo[resource.resourceType] ?? { required: [], typed: [] };
  const isEmptied = fields.status === 'entered-in-error';
  return [
    ...required
      .filter((name) => fields[name] === undefined && !(isEmptied && name === 'payload'))
      .map((name) => `${name} is required`),
    ...typed
      .filter((name) => [fields[name] ?? []].flat().some((each) => !(each as Reference).type))
      .map((name) => `${name} has no type`),
  ];
}

const ozo: Readonly<Record<string, { required: string[]; typed: string[] }>> = {
  Communication: {
    required: ['partOf', 'status', 'sender', 'recipient', 'payload'],
    typed: ['partOf', 'sender', 'recipient', 'subject'],
  },
  CommunicationRequest: {
    required: ['status', 'subject', 'requester', 'recipient'],
    typed: ['subject', 'requester', 'sender', 'recipient'],
  },
  Task: { required: ['status', 'intent', 'for', 'owner'], typed: ['for', 'owner'] },
};
