import type { NoticeCode } from '@bridge/contracts';
import { en as bot } from './bot/en';

/** What a notice may speak of: opaque ids and numbers. */
export type NoticeDetails = Readonly<Record<string, string>>;

/** Everything that the bridge says to people, in one language. The English one is the model of the others. */
export const en = {
  names: {
    careTeam: 'Care team',
    general: 'General',
    conversation: 'Conversation',
    patient: 'Patient',
    relatedPerson: 'Related person',
    practitioner: 'Practitioner',
  },
  /** Beneath a message that could not be recorded, for as long as it is not. */
  undelivered:
    'This message is not in the record of the care organisation yet. This note goes away as soon as it is.',
  files: {
    /** What an attachment without a title is called. */
    unnamed: 'Attachment',
    /** Said in place of a file of the record. */
    notShown: (title: string) => `${title} is in the record and cannot be shown here.`,
  },
  notices: {
    'unsupported-content': () => 'This kind of content cannot be recorded; the record holds a note of it.',
    'unreadable-encrypted': () =>
      'Encrypted messages cannot be read here: the record holds a note that there was one. Please write without encryption.',
    'file-too-large': () => 'This file is larger than the record takes; the record holds its name only.',
    'file-type-refused': () => 'Files of this kind are not recorded; the record holds the name only.',
    'file-unavailable': () => 'This file could not be read; the record holds its name only.',
    'membership-restored': () =>
      'Who belongs here is decided in the record of the care organisation; the change was undone.',
    'conversation-started': ({ link }) =>
      link ? `The conversation is open: ${link}` : 'The conversation is open.',
    'requester-unknown': () => 'The record does not know you as a member of this care team.',
    'conversation-archived': () => 'The conversation is closed.',
    'power-missing': () =>
      'I need power level 100 here to keep this room in step with the record of the care organisation.',
    'room-not-bridged': () => 'This room belongs to no care team: nothing said here is recorded.',
  } satisfies Record<NoticeCode, (details: NoticeDetails) => string> as Record<
    NoticeCode,
    (details: NoticeDetails) => string
  >,
  bot,
};

export type Texts = typeof en;
