import type { BotTexts } from './en';

export const nl: BotTexts = {
  languageName: 'Nederlands',
  help: 'Dit kan ik:',
  commands: {
    help: { words: '', purpose: 'toont deze lijst' },
    status: { words: '', purpose: 'vertelt hoe dit gesprek met het dossier gelijk wordt gehouden' },
    whoami: { words: '', purpose: 'vertelt hoe het dossier u kent en wat u mag' },
    members: { words: '', purpose: 'vertelt wie hier bij hoort' },
    new: { words: '<onderwerp>', purpose: 'opent een gesprek in dit zorgteam' },
    archive: { words: '', purpose: 'sluit dit gesprek voor iedereen af; voor zorgverleners' },
    resend: {
      words: '<bericht>',
      purpose:
        'biedt een bericht nog eens aan het dossier aan: geef de link, of zeg het als antwoord op het bericht',
    },
    language: { words: 'nl|en|de', purpose: 'kiest de taal waarin ik met u spreek' },
    link: {
      words: '<FHIR-referentie> [@gebruiker:server]',
      purpose: 'geeft iemand uit het dossier een Matrix-account: het genoemde, of het uwe',
    },
    unlink: { words: '<FHIR-referentie>', purpose: 'neemt zo’n account weer weg' },
    resync: { words: '', purpose: 'zoekt berichten uit deze kamer die het dossier nooit hebben bereikt' },
  },
  roles: {
    lead: 'leidt het zorgteam',
    professional: 'zorgverlener',
    'related-person': 'naaste',
    patient: 'patiënt',
  },
  permissions: { none: 'geen', user: 'gebruiker', admin: 'beheerder' },

  greeting: (help) =>
    `Hallo. Ik ben de brug tussen Matrix en het dossier van de zorgorganisatie. Wat hier wordt gezegd wordt niet vastgelegd. Zeg ${help} om te zien wat ik kan.`,
  encrypted:
    'Versleutelde berichten kan ik niet lezen. Begin een gesprek met mij zonder versleuteling: hier kan zij niet meer worden uitgezet.',
  unknownCommand: (help) => `Dat ken ik niet. Zeg ${help} om te zien wat ik kan.`,
  usage: (usage) => `Zeg het zo: ${usage}`,
  notAllowed: 'Het spijt me: u mag mij niet gebruiken. Vraag het de beheerder van de zorgorganisatie.',
  adminsOnly: 'Dat mogen alleen beheerders van de brug.',
  notHere: 'Zeg dat in een gesprek van een zorgteam.',
  declinedPerson: 'U mag deze brug niet gebruiken. Vraag het de beheerder van de zorgorganisatie.',
  declinedRoom:
    'Deze kamer hoort bij geen zorgteam: wat hier wordt gezegd wordt niet vastgelegd. U kunt een direct gesprek met mij beginnen.',
  declinedGhost: 'Deze persoon is alleen aanwezig in de gesprekken van de eigen zorgteams.',

  statusOf: (reference) => `Dit is ${reference} in het dossier.`,
  statusDirect: 'Dit is een direct gesprek met mij: wat hier wordt gezegd wordt niet vastgelegd.',
  careTeamIs: (reference) => `Zorgteam: ${reference}`,
  noCareTeam: 'Zorgteam: geen',
  open: 'Open (er kan worden geschreven)',
  closed: 'Afgesloten',
  undelivered: (count) => `Berichten die nog niet in het dossier staan: ${count}`,
  lastMessage: (at) => `Laatste bericht dat gelijk is gehouden: ${at}`,
  noMessage: 'Er is nog geen bericht gelijk gehouden.',
  recordAnswers: 'Het dossier antwoordt.',
  recordSilent:
    'Het dossier antwoordt op dit moment niet: wat u schrijft wordt bewaard, en vastgelegd zodra het weer antwoordt.',
  waiting: (count) => `Wijzigingen die wachten op verwerking: ${count}`,

  whoAreYou: (userId) => `U bent ${userId}.`,
  knownAs: (reference) => `In het dossier: ${reference}`,
  knownAsInRole: (reference, role) => `In het dossier: ${reference} (${role})`,
  notKnown: 'Het dossier kent uw account hier niet.',
  permissionIs: (permission) => `Bevoegdheid: ${permission}`,
  languageIs: (language) => `Taal: ${language}`,

  membersHere: 'Hier horen bij:',
  nobody: 'Op dit moment hoort hier niemand bij.',
  ownAccount: 'eigen account',
  viaBridge: 'in het dossier, getoond door de brug',
  notJoined: 'nog niet aanwezig',
  unknownToRecord: 'niet in het dossier',

  severalCareTeams: 'U hoort bij meer dan één zorgteam: zeg dat in een kamer van het team dat u bedoelt.',
  alreadyClosed: 'Dit gesprek is al afgesloten.',
  cannotArchive: 'Dit is de algemene kamer van het zorgteam: die blijft open zolang het team bestaat.',
  professionalsOnly: 'Alleen zorgverleners van het zorgteam mogen een gesprek afsluiten.',

  resent: 'Ik heb het nog eens aan het dossier aangeboden.',
  eventNotFound: 'Ik kan dat bericht in deze kamer niet vinden.',
  notResendable: 'Dat is niets wat in het dossier komt.',
  notYourMessage: 'Dat kan alleen met uw eigen berichten.',
  resyncing: 'Ik zoek berichten die het dossier nooit hebben bereikt.',

  languageSet: 'Vanaf nu spreek ik Nederlands met u.',
  notAPerson: 'Dat is geen referentie van een persoon, zoals `Practitioner/123`.',
  personUnknown: 'Die persoon ken ik niet: eerst moet die bij een zorgteam horen.',
  notAnAccount: 'Dat is geen Matrix-account van een persoon, zoals `@gebruiker:server`.',
  linked: (reference, userId) => `${reference} heeft nu het account ${userId}.`,
  unlinked: (reference) => `${reference} heeft nu het account uit het dossier, als daar een staat.`,
};
