import { FhirRef, Language, UserId, UserMapping } from '@bridge/contracts';
import type { CodeableConcept, HumanName, Patient, Practitioner, RelatedPerson } from '@medplum/fhirtypes';
import { systems } from './fhir-systems';
import { accountInTelecom } from './matrix-account';
import { refOf, versionAtOf } from './resource-facts';
import { roleName } from './role-names';
import { textsIn } from './texts/texts';

export type PersonResource = Practitioner | RelatedPerson | Patient;

export const personTypes = ['Practitioner', 'RelatedPerson', 'Patient'] as const;

/** Somebody's role in a care team, as far as it says one. */
export interface GivenRole {
  readonly code?: string;
  /** What the care team's coding calls it. */
  readonly text?: string;
}

/** What other resources say of a person: their roles, the organisations of those, and Endpoints. */
export interface PersonSurroundings {
  /** The account at an Endpoint of a role of theirs. */
  readonly endpointAccount: UserId | null;
  /** The number of the organisation for which they work, where it is one. */
  readonly uraNr?: string;
  /** The number on their card, where their role has it. */
  readonly uziNr?: string;
}

/** Which account counts where a person has one in their telecom and another one at an Endpoint. */
export type AccountOrder = 'telecom-first' | 'endpoint-first';

/** Nothing else says anything of them. */
export const nothingAround: PersonSurroundings = { endpointAccount: null };

export interface PersonReading {
  readonly fhirRef: FhirRef;
  /** Their own Matrix account; null: they are shown by a ghost. */
  readonly accountUserId: UserId | null;
  /** What the ghost is called: name and role; for a patient the role alone, since profiles travel with every event. */
  readonly displayName: string;
  readonly mapping: UserMapping;
  readonly roleText: string | undefined;
  readonly versionAt: Date;
}

/** Parts a ghost's name from its role. */
const divider = ' · ';

/**
 * What a person's resource says of them.
 * @param role theirs in the care team
 * @param language of the role in the ghost's name
 * @param surroundings what other resources say of them; where their own says the same, that counts
 */
export function readPerson(
  person: PersonResource,
  role: GivenRole,
  language: Language,
  { endpointAccount, uraNr, uziNr }: PersonSurroundings = nothingAround,
  order: AccountOrder = 'telecom-first',
): PersonReading {
  const fhirRef = refOf(person);
  const inTelecom = accountInTelecom(person.telecom);
  return {
    fhirRef,
    accountUserId:
      order === 'telecom-first' ? (inTelecom ?? endpointAccount) : (endpointAccount ?? inTelecom),
    displayName: displayNameOf(person, role, language),
    mapping: {
      fhirRef,
      ...(role.code ? { roleCode: role.code } : {}),
      ...(uraNr ? { uraNr } : {}),
      ...(uziNr ? { uziNr } : {}),
      ...professionalFacts(person),
    },
    roleText: role.text,
    versionAt: versionAtOf(person),
  };
}

/** Whether a person's resource gives them this account. A search by `telecom` finds other contact points as well. */
export function hasAccount(person: PersonResource, userId: UserId): boolean {
  return accountInTelecom(person.telecom) === userId;
}

/** The name in what a ghost is called, without the role. */
export function nameWithoutRole(displayName: string): string {
  return displayName.split(divider)[0] ?? '';
}

function displayNameOf(person: PersonResource, given: GivenRole, language: Language): string {
  const { names } = textsIn(language);
  if (person.resourceType === 'Patient') return names.patient;
  const isRelated = person.resourceType === 'RelatedPerson';
  const name = nameInWords(person.name) ?? (isRelated ? names.relatedPerson : names.practitioner);
  const role = roleOf(isRelated ? person.relationship : undefined, given, language);
  return role ? `${name}${divider}${role}` : name;
}

/**
 * How somebody is related to the patient comes before their role in the team. Words of the language itself where there
 * are some, otherwise those of the resource.
 */
function roleOf(
  relationship: readonly CodeableConcept[] = [],
  { code, text }: GivenRole,
  language: Language,
): string | undefined {
  const codings = relationship.flatMap(({ coding = [] }) => coding);
  const related = codings.map((coding) => roleName(coding.code, language)).find((name) => name !== undefined);
  const own = relationship[0]?.text ?? codings[0]?.display;
  return related ?? own ?? roleName(code, language) ?? text;
}

/** The name that somebody goes by; undefined when there is none. */
export function nameInWords(names: readonly HumanName[] = []): string | undefined {
  const name = names.find(({ use }) => use === 'official' || use === 'usual') ?? names[0];
  if (!name) return undefined;
  const parts = [...(name.prefix ?? []), ...(name.given ?? []), ...(name.family ? [name.family] : [])];
  return name.text ?? (parts.join(' ') || undefined);
}

/** Only a professional's: state events are copied to every server in the room and cannot be taken back. */
function professionalFacts(person: PersonResource): Pick<UserMapping, 'uziNr' | 'email'> {
  if (person.resourceType !== 'Practitioner') return {};
  const uziNr = person.identifier?.find(({ system }) => system === systems.uzi)?.value;
  const email = person.telecom?.find(
    ({ system, use }) => system === 'email' && use !== 'home' && use !== 'old',
  )?.value;
  return { ...(uziNr ? { uziNr } : {}), ...(email ? { email } : {}) };
}
