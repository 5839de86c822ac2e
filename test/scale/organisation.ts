import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import { Client } from 'pg';

/** How much an organisation's database holds. */
export interface OrganisationSize {
  readonly conversations: number;
  /** Of the one conversation that has many. */
  readonly crowd: { readonly members: number; readonly messages: number };
}

const conversationsOfTeam = 4;

/** The names of what `fillDatabase` makes, by number: those of conversations begin at 1. */
export const made = {
  conversation: (number: number) => FhirRef.parse(`CommunicationRequest/c${number}`),
  roomId: (number: number) => RoomId.parse(`!room${number}:care.example`),
  relative: (number: number) => FhirRef.parse(`RelatedPerson/r${teamOf(number)}`),
  nurseAccount: (number: number) => UserId.parse(`@nurse${teamOf(number)}:care.example`),
  careTeam: (number: number) => FhirRef.parse(`CareTeam/t${teamOf(number)}`),
  /** The conversation with many members and messages. */
  crowd: 0,
};

function teamOf(conversation: number): number {
  return conversation === made.crowd ? 0 : Math.ceil(conversation / conversationsOfTeam);
}

/**
 * Fills an empty, migrated database by SQL: care teams of a patient, two relatives and a nurse with four conversations
 * each, two messages in each conversation, and one team with one conversation that is as large as asked for. All ghosts
 * are made and in their Rooms, and no Room is due to be compared, so that a message costs what a message costs.
 */
export async function fillDatabase(databaseUrl: string, size: OrganisationSize): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const statement of statements(size)) await client.query(statement);
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}

function statements({ conversations, crowd }: OrganisationSize): string[] {
  const teams = Math.ceil(conversations / conversationsOfTeam);
  const team = `CASE WHEN c = 0 THEN 0 ELSE (c + ${conversationsOfTeam - 1}) / ${conversationsOfTeam} END`;
  const person = (type: string, id: string, account: string, name: string): string => `
    INSERT INTO participant (fhir_ref, account_user_id, ghost_user_id, ghost_ready, display_name, ghost_name,
      ghost_avatar, mapping, version_at)
    SELECT '${type}/' || ${id}, ${account}, '@_fhir_bridge_' || md5('${type}' || ${id}) || ':care.example', true,
      '${name}', '${name}', ${type === 'Patient' ? "''" : "'AB'"}, json_build_object('fhirRef', '${type}/' || ${id}), now()`;
  const member = (type: string, letter: string, role: string): string => `
    INSERT INTO care_team_member SELECT 'CareTeam/t' || t, '${type}/${letter}' || t, '${role}', true
    FROM generate_series(0, ${teams}) t`;
  const perTeam = `FROM generate_series(0, ${teams}) t`;
  const perConversation = `FROM generate_series(0, ${conversations}) c`;
  const messages = (from: string): string => `
    INSERT INTO message_link (fhir_ref, part, version, event_id, conversation, direction, content_hash, attempted_at)
    SELECT 'Communication/c' || c || '-' || m, 0, '1', '$c' || c || '-' || m, 'CommunicationRequest/c' || c,
      CASE WHEN m % 2 = 0 THEN 'to-fhir' ELSE 'to-matrix' END, md5(c || '-' || m), now() - m * interval '1 hour'
    ${from}`;
  const crowdMember = `FROM generate_series(5, ${crowd.members}) k`;
  return [
    person('Patient', "'p' || t", 'NULL', 'Patient') + perTeam,
    person('RelatedPerson', "'r' || t", 'NULL', 'Anna Bos') + perTeam,
    person('RelatedPerson', "'s' || t", 'NULL', 'Anna Bos') + perTeam,
    person('Practitioner', "'n' || t", "'@nurse' || t || ':care.example'", 'Anna Bos') + perTeam,
    person('Practitioner', "'k' || k", "'@crowd' || k || ':care.example'", 'Anna Bos') + crowdMember,
    `INSERT INTO care_team_space (care_team, subject, open, own_space, version_at, alias_localpart, space_id)
      SELECT 'CareTeam/t' || t, 'Patient/p' || t, true, true, now(), '_fhir_bridge_' || md5('t' || t),
        '!space' || t || ':care.example' ${perTeam}`,
    member('Patient', 'p', 'patient'),
    member('RelatedPerson', 'r', 'related-person'),
    member('RelatedPerson', 's', 'related-person'),
    member('Practitioner', 'n', 'professional'),
    `INSERT INTO care_team_member SELECT 'CareTeam/t0', 'Practitioner/k' || k, 'professional', true ${crowdMember}`,
    `INSERT INTO conversation_room (conversation, care_team, subject, parties, open, name, version_at, alias_localpart,
        room_id)
      SELECT 'CommunicationRequest/c' || c, 'CareTeam/t' || ${team}, 'Patient/p' || ${team},
        ARRAY['CareTeam/t' || ${team}, 'RelatedPerson/r' || ${team}], true, '2026-11-22', now(),
        '_fhir_bridge_' || md5('c' || c), '!room' || c || ':care.example' ${perConversation}`,
    `INSERT INTO room_membership (room_id, user_id, membership)
      SELECT '!room' || c || ':care.example',
        '@_fhir_bridge_' || md5('RelatedPersonr' || ${team}) || ':care.example', 'join' ${perConversation}`,
    `INSERT INTO room_membership (room_id, user_id, membership)
      SELECT '!room0:care.example', '@crowd' || k || ':care.example', 'join' ${crowdMember}`,
    `INSERT INTO room_checkpoint SELECT '!room' || c || ':care.example', '$checked', now() + interval '1 year' ${perConversation}`,
    `INSERT INTO room_checkpoint SELECT '!space' || t || ':care.example', '$checked', now() + interval '1 year' ${perTeam}`,
    messages(`FROM generate_series(1, ${conversations}) c, generate_series(1, 2) m`),
    messages(`FROM generate_series(0, 0) c, generate_series(1, ${crowd.messages}) m`),
    `INSERT INTO handled_event (event_id, room_id)
      SELECT event_id, '!room' || substr(conversation, 23) || ':care.example' FROM message_link WHERE direction = 'to-fhir'`,
  ];
}
