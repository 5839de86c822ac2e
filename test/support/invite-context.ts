import { type UserId, serverOf } from '@bridge/contracts';
import { inviteContextField } from '@bridge/mapping';

/** A state event as Synapse shows it, with the content that it replaced. */
export interface StateSeen {
  readonly type: string;
  readonly state_key?: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly unsigned?: { readonly prev_content?: Readonly<Record<string, unknown>> };
  /** The same, under its name of old. */
  readonly prev_content?: Readonly<Record<string, unknown>>;
}

/**
 * Takes out of a state event the one thing in which the pseudonym may be: the context of an invite to another
 * homeserver, which is somebody's state until they answer, and is shown as what their answer has replaced.
 */
export function withoutInviteContext(event: StateSeen, ownServer: string): StateSeen {
  const { type, state_key: userId = '', content, unsigned, prev_content: previous } = event;
  if (type !== 'm.room.member' || serverOf(userId as UserId) === ownServer) return event;
  return {
    ...event,
    content: ofInvite(content),
    ...(unsigned?.prev_content
      ? { unsigned: { ...unsigned, prev_content: ofInvite(unsigned.prev_content) } }
      : {}),
    ...(previous ? { prev_content: ofInvite(previous) } : {}),
  };
}

function ofInvite(content: StateSeen['content']): StateSeen['content'] {
  return content.membership === 'invite' ? { ...content, [inviteContextField]: undefined } : content;
}
