import { FhirRef, UserId, UserMapping } from '@bridge/contracts';
import type { ContactPoint, HumanName, Patient, Practitioner, RelatedPerson } from '@medplum/fhirtypes';
import { systems } from './fhir-systems';
import { refOf } from './resource-facts';

export type PersonResource = Practitioner | RelatedPerson | Patient;

export interface PersonReading {
  readonly fhirRef: FhirRef;
  /** Their own Matrix account; null: they are shown by a ghost. */
  readonly accountUserId: UserId | null;
  /** What the ghost is called: name and role; for a patient the role alone, since profiles travel with every event. */
  readonly displayName: string;
  readonly mapping: UserMapping;
}

/** What a person's resource says of them. `roleCode` is their role in the care team, if known. */
export function readPerson(person: PersonResource, roleCode?: string): PersonReading {
  const fhirRef = refOf(person);
  return {
    fhirRef,
    accountUserId: accountOf(person.telecom),
    displayName: displayNameOf(person),
    mapping: { fhirRef, ...(roleCode ? { roleCode } : {}), ...professionalFacts(person) },
  };
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

function displayNameOf(person: PersonResource): string {
  if (person.resourceType === 'Patient') return 'Patient';
  const role =
    person.resourceType === 'RelatedPerson'
      ? (person.relationship?.[0]?.text ?? person.relationship?.[0]?.coding?.[0]?.display)
      : undefined;
  const neutral = person.resourceType === 'RelatedPerson' ? 'Related person' : 'Practitioner';
  const name = nameOf(person.name) ?? neutral;
  return role ? `${name} · ${role}` : name;
}

function nameOf(names: readonly HumanName[] = []): string | undefined {
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
