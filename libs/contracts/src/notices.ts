import { z } from 'zod';

/** The languages in which the bridge speaks to people. */
export const languages = ['nl', 'en', 'de'] as const;
export type Language = (typeof languages)[number];

/** What the bot tells somebody about their own message. The texts are in room-manager, in every language. */
export const noticeCodes = [
  /** Recorded as a note: a kind of content that the record cannot hold. */
  'unsupported-content',
  /** Recorded as unreadable: encrypted. */
  'unreadable-encrypted',
  /** Not recorded as a file: larger than allowed. */
  'file-too-large',
  /** Not recorded as a file: a type that is not allowed. */
  'file-type-refused',
  /** Not recorded as a file: the homeserver does not have it any more, or it is encrypted. */
  'file-unavailable',
  /** Somebody came, went or was removed in Matrix, and the record decides who belongs: put back. */
  'membership-restored',
  /** A conversation was made; `details.conversation` is its reference. */
  'conversation-started',
  /** A conversation could not be made or closed: the sender is nobody the record knows here. */
  'requester-unknown',
  'conversation-archived',
  /** The Room cannot be kept in step: the bot needs more power in it. */
  'power-missing',
  /** The Room belongs to no care team: nothing said in it is recorded. */
  'room-not-bridged',
] as const;
export const NoticeCode = z.enum(noticeCodes);
export type NoticeCode = z.infer<typeof NoticeCode>;
