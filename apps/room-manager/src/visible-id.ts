import type { UserId } from '@bridge/contracts';
import type { Participant } from '@bridge/persistence';

/** The id under which a person is in Rooms: their account, or their ghost. */
export function visibleId(participant: Participant): UserId {
  return participant.accountUserId ?? participant.ghostUserId;
}
