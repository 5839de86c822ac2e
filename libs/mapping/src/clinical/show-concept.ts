import type { Language } from '@bridge/contracts';
import type { CodeableConcept, Coding, Element, Extension } from '@medplum/fhirtypes';
import { wordsIn } from './words/words';

/** Extension of a text: the same in another language (FHIR core). */
const translation = 'http://hl7.org/fhir/StructureDefinition/translation';
const hl7 = 'http://terminology.hl7.org/CodeSystem/';

/** A concept in words: as somebody wrote it, else its coding's, else the code. */
export function showConcept(concept: CodeableConcept, language: Language): string {
  const text = translated(concept, 'text', language) ?? concept.text;
  if (text !== undefined) return text;
  const { coding = [] } = concept;
  const chosen = coding.find(({ userSelected }) => userSelected);
  const known = coding.find((each) => wordOf(each, language) !== undefined);
  const shown = chosen ?? known ?? coding.find(({ display }) => display !== undefined) ?? coding[0];
  return shown ? showCoding(shown, language) : '';
}

/** Words of the language itself where there are some: what HL7's code systems display is English. */
export function showCoding(coding: Coding, language: Language): string {
  return (
    translated(coding, 'display', language) ?? wordOf(coding, language) ?? coding.display ?? coding.code ?? ''
  );
}

/** An element of the type `code`. */
export function showCode(code: string, language: Language): string {
  return own(wordsIn(language).codes, code) ?? code.replaceAll('-', ' ');
}

function wordOf({ system, code }: Coding, language: Language): string | undefined {
  if (code === undefined || !system?.startsWith(hl7)) return undefined;
  const { codes, interpretation, encounterClass } = wordsIn(language);
  switch (system.slice(hl7.length)) {
    case 'v3-ObservationInterpretation':
      return own(interpretation, code);
    case 'v3-ActCode':
      return own(encounterClass, code);
    default:
      // Version 3 code systems have codes of one letter, each of which means something else elsewhere.
      return system.startsWith(`${hl7}v`) ? undefined : own(codes, code);
  }
}

function translated(element: object, name: string, language: Language): string | undefined {
  const { extension = [] } = ((element as Record<string, unknown>)[`_${name}`] ?? {}) as Element;
  const translations = extension.filter(({ url }) => url === translation);
  const valueOf = ({ extension: parts = [] }: Extension, url: string) => {
    const part = parts.find((each) => each.url === url);
    return part?.valueCode ?? part?.valueString;
  };
  const found = translations.find((each) => valueOf(each, 'lang')?.split('-')[0] === language);
  return found && valueOf(found, 'content');
}

/** A code may be called like a member of every object. */
function own(words: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(words, code) ? words[code] : undefined;
}
