import { FhirRef, Language, UserId, UserMapping } from '@bridge/contracts';
import type {
  CodeableConcept,
  ContactPoint,
  HumanName,
  Patient,
  Practitioner,
  RelatedPerson,
} from '@medplum/fhirtypes';
import { systems } from './fhir-systems';
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
 */
export function readPerson(person: PersonResource, role: GivenRole, language: Language): PersonReading {
  const fhirRef = refOf(person);
  return {
    fhirRef,
    accountUserId: accountOf(person.telecom),
    displayName: displayNameOf(person, role, language),
    mapping: { fhirRef, ...(role.code ? { roleCode: role.code } : {}), ...professionalFacts(person) },
    roleText: role.text,
    versionAt: versionAtOf(person),
  };
}

/** Whether a person's resource gives them this account. A search by `telecom` finds other contact points as well. */
export function hasAccount(person: PersonResource, userId: UserId): boolean {
  return accountOf(person.telecom) === userId;
}

/** The name in what a ghost is called, without the role. */
export function nameWithoutRole(displayName: string): string {
  return displayName.split(divider)[0] ?? '';
}

/** telecom with system "other" and purpose "matrix-messaging" (Dutch specification). */
function accountOf(telecom: readonly ContactPoint[] = []): UserId | null {
  const accounts = telecom.filter(
    ({ system, use, extension }) =>
      system === 'other' &&
      use !== 'old' &&
      extension?.some(
        ({ url, valueString, valueCode }) =>
          url === systems.contactPointPurpose && (valueString ?? valueCode) === 'matrix-messaging',
      ),
  );
  return (
    accounts.map(({ value }) => UserId.safeParse(value).data).find((userId) => userId !== undefined) ?? null
  );
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
