import type { CareTeamRole } from '@bridge/contracts';
import type { BotPermission } from '../../bot/bot-permission';
import type { BotCommandName } from '../../bot/commands';

/** How the bot explains a command: what follows its name, and what it is for. */
export interface CommandTexts {
  readonly words: string;
  readonly purpose: string;
}

/** What the bot says in English: the model of the other languages. Words in `backticks` are shown as code. */
export const en = {
  languageName: 'English',
  help: 'This is what I can do:',
  commands: {
    help: { words: '', purpose: 'shows this list' },
    status: { words: '', purpose: 'tells how this conversation is kept in step with the record' },
    whoami: { words: '', purpose: 'tells how the record knows you and what you may do' },
    members: { words: '', purpose: 'tells who belongs here' },
    new: { words: '<topic>', purpose: 'opens a conversation in this care team' },
    archive: { words: '', purpose: 'closes this conversation for everybody; for professionals' },
    resend: {
      words: '<event>',
      purpose: 'offers a message to the record once more: give its link, or say it in reply to the message',
    },
    language: { words: 'nl|en|de', purpose: 'sets the language in which I speak to you' },
    link: {
      words: '<FHIR reference> [@user:server]',
      purpose: 'gives a person of the record a Matrix account: the one named, or yours',
    },
    unlink: { words: '<FHIR reference>', purpose: 'takes such an account away' },
    resync: { words: '', purpose: 'looks for messages of this room that never reached the record' },
  } satisfies Record<BotCommandName, CommandTexts> as Record<BotCommandName, CommandTexts>,
  roles: {
    lead: 'leads the care team',
    professional: 'professional',
    'related-person': 'related person',
    patient: 'patient',
  } satisfies Record<CareTeamRole, string> as Record<CareTeamRole, string>,
  permissions: {
    none: 'none',
    user: 'user',
    admin: 'administrator',
  } satisfies Record<BotPermission, string> as Record<BotPermission, string>,

  greeting: (help: string) =>
    `Hello. I am the bridge between Matrix and the record of the care organisation. Nothing said here is recorded. Say ${help} to see what I can do.`,
  encrypted:
    'I cannot read encrypted messages. Please begin a chat with me without encryption: it cannot be turned off here any more.',
  unknownCommand: (help: string) => `I do not know that. Say ${help} to see what I can do.`,
  usage: (usage: string) => `Please say it like this: ${usage}`,
  notAllowed: 'I am sorry: you may not use me. Please ask the administrator of the care organisation.',
  adminsOnly: 'Only administrators of the bridge may do that.',
  notHere: 'Please say that in a conversation of a care team.',
  declinedPerson: 'You may not use this bridge. Please ask the administrator of the care organisation.',
  declinedRoom:
    'This room belongs to no care team: nothing said here is recorded. You can begin a direct chat with me.',
  declinedGhost: 'This person is present in the conversations of their own care teams only.',

  statusOf: (reference: string) => `This is ${reference} in the record.`,
  statusDirect: 'This is a direct chat with me: nothing said here is recorded.',
  careTeamIs: (reference: string) => `Care team: ${reference}`,
  noCareTeam: 'Care team: none',
  open: 'Open',
  closed: 'Closed',
  undelivered: (count: number) => `Messages that are not in the record yet: ${count}`,
  lastMessage: (at: string) => `Last message kept in step: ${at}`,
  noMessage: 'No message was kept in step yet.',
  recordAnswers: 'The record answers.',
  recordSilent:
    'The record does not answer at the moment: what you write is kept, and recorded as soon as it does.',
  waiting: (count: number) => `Changes waiting to be worked on: ${count}`,

  whoAreYou: (userId: string) => `You are ${userId}.`,
  knownAs: (reference: string) => `In the record: ${reference}`,
  knownAsInRole: (reference: string, role: string) => `In the record: ${reference} (${role})`,
  notKnown: 'The record does not know your account here.',
  permissionIs: (permission: string) => `Permission: ${permission}`,
  languageIs: (language: string) => `Language: ${language}`,

  membersHere: 'Belonging here:',
  nobody: 'Nobody belongs here at the moment.',
  ownAccount: 'own account',
  viaBridge: 'in the record, shown by the bridge',
  notJoined: 'not here yet',
  unknownToRecord: 'not in the record',

  severalCareTeams: 'You belong to several care teams: please say that in a room of the one you mean.',
  alreadyClosed: 'This conversation is closed already.',
  cannotArchive: 'This is the general room of the care team: it stays open as long as the team does.',
  professionalsOnly: 'Only professionals of the care team may close a conversation.',

  resent: 'I have offered it to the record once more.',
  eventNotFound: 'I cannot find that message in this room.',
  notResendable: 'That is nothing that the record holds.',
  notYourMessage: 'You can do that with your own messages only.',
  resyncing: 'I am looking for messages that never reached the record.',

  languageSet: 'From now on I speak English with you.',
  notAPerson: 'That is not the reference of a person, such as `Practitioner/123`.',
  personUnknown: 'I do not know that person: they have to belong to a care team first.',
  notAnAccount: 'That is not the Matrix account of a person, such as `@user:server`.',
  linked: (reference: string, userId: string) => `${reference} now has the account ${userId}.`,
  unlinked: (reference: string) => `${reference} now has the account that the record gives, if any.`,
};

export type BotTexts = typeof en;
