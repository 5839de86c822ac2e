import type { Texts } from './en';
import { nl as bot } from './bot/nl';

export const nl: Texts = {
  names: {
    careTeam: 'Zorgteam',
    general: 'Algemeen',
    conversation: 'Gesprek',
    patient: 'Patiënt',
    relatedPerson: 'Naaste',
    practitioner: 'Zorgverlener',
  },
  undelivered:
    'Dit bericht staat nog niet in het dossier van de zorgorganisatie. Deze opmerking verdwijnt zodra dat wel zo is.',
  files: {
    unnamed: 'Bijlage',
    notShown: (title) => `${title} staat in het dossier en kan hier niet worden getoond.`,
  },
  notices: {
    'unsupported-content': () =>
      'Dit soort inhoud kan niet worden vastgelegd; in het dossier staat er een aantekening van.',
    'unreadable-encrypted': () =>
      'Versleutelde berichten kunnen hier niet worden gelezen: in het dossier staat dat er een was. Schrijf zonder versleuteling.',
    'file-too-large': () => 'Dit bestand is te groot voor het dossier; alleen de naam staat erin.',
    'file-type-refused': () =>
      'Dit soort bestanden wordt niet vastgelegd; alleen de naam staat in het dossier.',
    'file-unavailable': () => 'Dit bestand kon niet worden gelezen; alleen de naam staat in het dossier.',
    'membership-restored': () =>
      'Wie hier bij hoort staat in het dossier van de zorgorganisatie; de wijziging is teruggedraaid.',
    'conversation-started': ({ link }) =>
      link ? `Het gesprek is geopend: ${link}` : 'Het gesprek is geopend.',
    'requester-unknown': () => 'In het dossier staat u niet als lid van dit zorgteam.',
    'conversation-archived': () => 'Het gesprek is afgesloten.',
    'power-missing': () =>
      'Ik heb hier machtsniveau 100 nodig om deze kamer gelijk te houden met het dossier van de zorgorganisatie.',
    'room-not-bridged': () =>
      'Deze kamer hoort bij geen zorgteam: wat hier wordt gezegd wordt niet vastgelegd.',
  },
  bot,
};
