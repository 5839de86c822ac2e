import { FhirRef, MatrixEvent, UserId } from '@bridge/contracts';
import { mentionedUsers, readEdit } from '@bridge/mapping';
import type { Conversation, Member } from '@bridge/persistence';

/** An event and the conversation it was said in, with those who belong there now and whom it names. */
export interface Said {
  readonly event: MatrixEvent;
  readonly conversation: Conversation;
  readonly members: readonly Member[];
}

/** Who says it and whom it mentions: of a conversation's members, the only ones that it is about. */
export function namedIn(event: MatrixEvent): UserId[] {
  const replacement = readEdit(event)?.replacement;
  const mentioned = [event, ...(replacement ? [replacement] : [])].flatMap(mentionedUsers);
  return [...new Set([event.sender, ...mentioned])];
}

/**
 * The resource behind a Matrix account. Looked for among this conversation's members: one human can be several
 * RelatedPersons, one for each patient.
 */
export function personOf(userId: UserId, { members }: Said): FhirRef | undefined {
  return members.find(({ participant }) => participant.accountUserId === userId)?.participant.fhirRef;
}

/** The members behind these accounts and ghosts; anybody else is left out. */
export function membersAmong(userIds: readonly UserId[], { members }: Said): FhirRef[] {
  return members
    .map(({ participant }) => participant)
    .filter(
      ({ accountUserId, ghostUserId }) =>
        userIds.includes(ghostUserId) || (accountUserId !== null && userIds.includes(accountUserId)),
    )
    .map(({ fhirRef }) => fhirRef);
}
