import type { CodeableConcept, HumanName, Reference, Resource } from '@medplum/fhirtypes';
import { nameInWords } from '../person-to-participant';

/** What a line calls a resource that it refers to. */
export interface ResourceName {
  readonly name?: string;
  /** Without a name of its own: the reference whose name it goes by. */
  readonly namedBy?: string;
}

/** People of these types are never named: they are the patient. */
const unnamed = new Set(['Patient', 'Person']);

/** The name of a person, organisation, place, medicine or whatever else is referred to, as far as it has one. */
export function nameOfResource(resource: Resource): ResourceName {
  if (unnamed.has(resource.resourceType)) return {};
  const { name, practitioner, code, deviceName, ingredient } = resource as {
    name?: string | HumanName[];
    practitioner?: Reference;
    code?: CodeableConcept;
    deviceName?: { name: string }[];
    ingredient?: { itemCodeableConcept?: CodeableConcept; itemReference?: Reference }[];
  };
  if (practitioner) {
    if (practitioner.display !== undefined) return { name: practitioner.display };
    return practitioner.reference === undefined ? {} : { namedBy: practitioner.reference };
  }
  if (Array.isArray(name)) return { name: nameInWords(name) };
  return { name: name ?? deviceName?.[0]?.name ?? conceptName(code) ?? ingredientNames(ingredient) };
}

function conceptName(code: CodeableConcept | undefined): string | undefined {
  const [coding] = code?.coding ?? [];
  return code?.text ?? code?.coding?.find(({ display }) => display !== undefined)?.display ?? coding?.code;
}

/** A medicine that is made for one patient has no name but what is in it. */
function ingredientNames(
  ingredients: readonly { itemCodeableConcept?: CodeableConcept; itemReference?: Reference }[] = [],
): string | undefined {
  const names = ingredients.map(
    ({ itemCodeableConcept, itemReference }) => conceptName(itemCodeableConcept) ?? itemReference?.display,
  );
  return names.filter((name) => name !== undefined).join(' + ') || undefined;
}
