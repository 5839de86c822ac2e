import type { Language } from '@bridge/contracts';

type Names = Readonly<Record<Language, string>>;

const names = (nl: string, en: string, de: string): Names => ({ nl, en, de });

const generalPractitioner = names('huisarts', 'general practitioner', 'Hausarzt/-ärztin');
const nurse = names('verpleegkundige', 'nurse', 'Pflegefachperson');
const physician = names('arts', 'physician', 'Arzt/Ärztin');
const informalCarer = names('mantelzorger', 'informal carer', 'pflegende angehörige Person');
const child = names('kind', 'child', 'Kind');
const daughter = names('dochter', 'daughter', 'Tochter');
const son = names('zoon', 'son', 'Sohn');
const spouse = names('echtgeno(o)t(e)', 'spouse', 'Ehepartner/in');
const contact = names('contactpersoon', 'contact person', 'Kontaktperson');

/**
 * The common roles around a patient, by their code: SNOMED CT (as in CareTeam.participant.role), and HL7 RoleCode and
 * v2-0131 (as in RelatedPerson.relationship). The codes of the three do not collide.
 */
const byCode: ReadonlyMap<string, Names> = new Map([
  // SNOMED CT
  ['768820003', names('zorgcoördinator', 'care coordinator', 'Koordination der Versorgung')],
  ['62247001', generalPractitioner],
  ['59058001', generalPractitioner],
  ['309343006', physician],
  ['158965000', physician],
  ['224535009', nurse],
  ['106292003', nurse],
  ['46255001', names('apotheker', 'pharmacist', 'Apotheker/in')],
  ['36682004', names('fysiotherapeut', 'physiotherapist', 'Physiotherapeut/in')],
  ['80546007', names('ergotherapeut', 'occupational therapist', 'Ergotherapeut/in')],
  ['159026005', names('logopedist', 'speech therapist', 'Logopäde/Logopädin')],
  ['159033005', names('diëtist', 'dietitian', 'Ernährungsfachperson')],
  ['59944000', names('psycholoog', 'psychologist', 'Psychologe/Psychologin')],
  ['80584001', names('psychiater', 'psychiatrist', 'Psychiater/in')],
  ['106328005', names('maatschappelijk werker', 'social worker', 'Sozialarbeiter/in')],
  ['106289002', names('tandarts', 'dentist', 'Zahnarzt/Zahnärztin')],
  ['309453006', names('verloskundige', 'midwife', 'Hebamme')],
  ['407542009', informalCarer],
  ['133932002', informalCarer],
  ['407543004', names('eerste mantelzorger', 'primary carer', 'Hauptpflegeperson')],
  ['116154003', names('patiënt', 'patient', 'Patient')],
  // HL7 v3 RoleCode
  ['CHILD', child],
  ['DAU', daughter],
  ['DAUC', daughter],
  ['SON', son],
  ['SONC', son],
  ['SPS', spouse],
  ['HUSB', names('echtgenoot', 'husband', 'Ehemann')],
  ['WIFE', names('echtgenote', 'wife', 'Ehefrau')],
  ['DOMPART', names('partner', 'partner', 'Partner/in')],
  ['PRN', names('ouder', 'parent', 'Elternteil')],
  ['MTH', names('moeder', 'mother', 'Mutter')],
  ['FTH', names('vader', 'father', 'Vater')],
  ['SIB', names('broer of zus', 'sibling', 'Geschwister')],
  ['BRO', names('broer', 'brother', 'Bruder')],
  ['SIS', names('zus', 'sister', 'Schwester')],
  ['GRNDCHILD', names('kleinkind', 'grandchild', 'Enkelkind')],
  ['NBOR', names('buur', 'neighbour', 'Nachbar/in')],
  ['FRND', names('vriend(in)', 'friend', 'Freund/in')],
  ['FAMMEMB', names('familielid', 'family member', 'Familienmitglied')],
  ['GUARD', names('wettelijk vertegenwoordiger', 'guardian', 'gesetzliche Vertretung')],
  // HL7 v2-0131
  ['C', names('contactpersoon bij nood', 'emergency contact', 'Notfallkontakt')],
  ['N', names('naaste', 'next of kin', 'nächste angehörige Person')],
  ['CP', contact],
]);

/** What a role is called in a language; undefined for a code that is not among the common ones. */
export function roleName(code: string | undefined, language: Language): string | undefined {
  return code === undefined ? undefined : byCode.get(code)?.[language];
}
