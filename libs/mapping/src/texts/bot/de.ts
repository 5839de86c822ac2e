import type { BotTexts } from './en';

export const de: BotTexts = {
  languageName: 'Deutsch',
  help: 'Das kann ich:',
  commands: {
    help: { words: '', purpose: 'zeigt diese Liste' },
    status: { words: '', purpose: 'sagt, wie dieses Gespräch mit der Akte gleich gehalten wird' },
    whoami: { words: '', purpose: 'sagt, wie die Akte Sie kennt und was Sie dürfen' },
    members: { words: '', purpose: 'sagt, wer hierher gehört' },
    new: { words: '<Thema>', purpose: 'eröffnet ein Gespräch in diesem Behandlungsteam' },
    archive: { words: '', purpose: 'schließt dieses Gespräch für alle ab; für Fachpersonen' },
    resend: {
      words: '<Nachricht>',
      purpose:
        'bietet eine Nachricht der Akte noch einmal an: mit ihrem Link, oder als Antwort auf die Nachricht',
    },
    language: { words: 'nl|en|de', purpose: 'wählt die Sprache, in der ich mit Ihnen spreche' },
    link: {
      words: '<FHIR-Referenz> [@nutzer:server]',
      purpose: 'gibt einer Person aus der Akte ein Matrix-Konto: das genannte, oder Ihres',
    },
    unlink: { words: '<FHIR-Referenz>', purpose: 'nimmt ein solches Konto wieder weg' },
    resync: { words: '', purpose: 'sucht Nachrichten aus diesem Raum, die nie in die Akte kamen' },
  },
  roles: {
    lead: 'leitet das Behandlungsteam',
    professional: 'Fachperson',
    'related-person': 'Angehörige Person',
    patient: 'Patientin oder Patient',
  },
  permissions: { none: 'keine', user: 'Nutzung', admin: 'Verwaltung' },

  greeting: (help) =>
    `Hallo. Ich bin die Brücke zwischen Matrix und der Akte der Einrichtung. Was hier gesagt wird, wird nicht dokumentiert. Sagen Sie ${help}, um zu sehen, was ich kann.`,
  encrypted:
    'Verschlüsselte Nachrichten kann ich nicht lesen. Bitte beginnen Sie ein Gespräch mit mir ohne Verschlüsselung: Hier lässt sie sich nicht mehr abschalten.',
  unknownCommand: (help) => `Das kenne ich nicht. Sagen Sie ${help}, um zu sehen, was ich kann.`,
  usage: (usage) => `Bitte sagen Sie es so: ${usage}`,
  notAllowed:
    'Es tut mir leid: Sie dürfen mich nicht benutzen. Bitte fragen Sie die Verwaltung der Einrichtung.',
  adminsOnly: 'Das dürfen nur die Verwalter der Brücke.',
  notHere: 'Bitte sagen Sie das in einem Gespräch eines Behandlungsteams.',
  declinedPerson: 'Sie dürfen diese Brücke nicht benutzen. Bitte fragen Sie die Verwaltung der Einrichtung.',
  declinedRoom:
    'Dieser Raum gehört zu keinem Behandlungsteam: Was hier gesagt wird, wird nicht dokumentiert. Sie können ein direktes Gespräch mit mir beginnen.',
  declinedGhost: 'Diese Person ist nur in den Gesprächen der eigenen Behandlungsteams anwesend.',

  statusOf: (reference) => `Dies ist ${reference} in der Akte.`,
  statusDirect: 'Dies ist ein direktes Gespräch mit mir: Was hier gesagt wird, wird nicht dokumentiert.',
  careTeamIs: (reference) => `Behandlungsteam: ${reference}`,
  noCareTeam: 'Behandlungsteam: keines',
  open: 'Offen',
  closed: 'Abgeschlossen',
  undelivered: (count) => `Nachrichten, die noch nicht in der Akte stehen: ${count}`,
  lastMessage: (at) => `Letzte Nachricht, die gleich gehalten wurde: ${at}`,
  noMessage: 'Noch wurde keine Nachricht gleich gehalten.',
  recordAnswers: 'Die Akte antwortet.',
  recordSilent:
    'Die Akte antwortet zurzeit nicht: Was Sie schreiben, wird aufbewahrt und dokumentiert, sobald sie wieder antwortet.',
  waiting: (count) => `Änderungen, die auf Bearbeitung warten: ${count}`,

  whoAreYou: (userId) => `Sie sind ${userId}.`,
  knownAs: (reference) => `In der Akte: ${reference}`,
  knownAsInRole: (reference, role) => `In der Akte: ${reference} (${role})`,
  notKnown: 'Die Akte kennt Ihr Konto hier nicht.',
  permissionIs: (permission) => `Berechtigung: ${permission}`,
  languageIs: (language) => `Sprache: ${language}`,

  membersHere: 'Hierher gehören:',
  nobody: 'Zurzeit gehört niemand hierher.',
  ownAccount: 'eigenes Konto',
  viaBridge: 'in der Akte, von der Brücke gezeigt',
  notJoined: 'noch nicht hier',
  unknownToRecord: 'nicht in der Akte',

  severalCareTeams:
    'Sie gehören zu mehreren Behandlungsteams: Bitte sagen Sie das in einem Raum des Teams, das Sie meinen.',
  alreadyClosed: 'Dieses Gespräch ist schon abgeschlossen.',
  cannotArchive:
    'Dies ist der allgemeine Raum des Behandlungsteams: Er bleibt offen, solange es das Team gibt.',
  professionalsOnly: 'Nur Fachpersonen des Behandlungsteams dürfen ein Gespräch abschließen.',

  resent: 'Ich habe sie der Akte noch einmal angeboten.',
  eventNotFound: 'Ich kann diese Nachricht in diesem Raum nicht finden.',
  notResendable: 'Das ist nichts, was in die Akte kommt.',
  notYourMessage: 'Das geht nur mit Ihren eigenen Nachrichten.',
  resyncing: 'Ich suche Nachrichten, die nie in die Akte kamen.',

  languageSet: 'Ab jetzt spreche ich Deutsch mit Ihnen.',
  notAPerson: 'Das ist keine Referenz einer Person, wie `Practitioner/123`.',
  personUnknown: 'Diese Person kenne ich nicht: Sie muss zuerst zu einem Behandlungsteam gehören.',
  notAnAccount: 'Das ist kein Matrix-Konto einer Person, wie `@nutzer:server`.',
  linked: (reference, userId) => `${reference} hat jetzt das Konto ${userId}.`,
  unlinked: (reference) => `${reference} hat jetzt das Konto aus der Akte, falls dort eines steht.`,
};
