import type { Texts } from './en';
import { de as bot } from './bot/de';

export const de: Texts = {
  names: {
    careTeam: 'Behandlungsteam',
    general: 'Allgemein',
    conversation: 'Gespräch',
    patient: 'Patient',
    relatedPerson: 'Angehörige Person',
    practitioner: 'Fachperson',
  },
  undelivered:
    'Diese Nachricht steht noch nicht in der Akte der Pflegeeinrichtung. Dieser Hinweis verschwindet, sobald sie dort steht.',
  files: {
    unnamed: 'Anhang',
    notShown: (title) => `${title} ist in der Akte und kann hier nicht angezeigt werden.`,
  },
  notices: {
    'unsupported-content': () =>
      'Diese Art von Inhalt kann nicht dokumentiert werden; in der Akte steht ein Vermerk darüber.',
    'unreadable-encrypted': () =>
      'Verschlüsselte Nachrichten können hier nicht gelesen werden: In der Akte steht, dass es eine gab. Bitte schreiben Sie unverschlüsselt.',
    'file-too-large': () => 'Diese Datei ist für die Akte zu groß; sie enthält nur den Namen.',
    'file-type-refused': () =>
      'Dateien dieser Art werden nicht dokumentiert; die Akte enthält nur den Namen.',
    'file-unavailable': () => 'Diese Datei konnte nicht gelesen werden; die Akte enthält nur den Namen.',
    'membership-restored': () =>
      'Wer hierher gehört, steht in der Akte der Einrichtung; die Änderung wurde zurückgenommen.',
    'conversation-started': ({ link }) =>
      link ? `Das Gespräch ist eröffnet: ${link}` : 'Das Gespräch ist eröffnet.',
    'requester-unknown': () => 'In der Akte sind Sie nicht als Mitglied dieses Behandlungsteams eingetragen.',
    'conversation-archived': () => 'Das Gespräch ist abgeschlossen.',
    'power-missing': () =>
      'Ich brauche hier Berechtigungsstufe 100, um diesen Raum mit der Akte der Einrichtung gleich zu halten.',
    'room-not-bridged': () =>
      'Dieser Raum gehört zu keinem Behandlungsteam: Was hier gesagt wird, wird nicht dokumentiert.',
  },
  bot,
};
