import {
  type ClinicalType,
  type FhirRef,
  type FileSource,
  type Language,
  PermanentError,
  clinicalTypes,
  idOf,
  languages,
  typeOf,
} from '@bridge/contracts';
import type { Attachment, Resource } from '@medplum/fhirtypes';
import { fileSource } from '../attachment-to-file';
import { type MessagePart, sourceField } from '../payload-to-content';
import { refOf } from '../resource-facts';
import { type ClinicalResource, attachmentsOf } from './clinical-resource';
import { LocalTime } from './local-time';
import { nameOfResource } from './resource-name';
import { type Template, compileTemplate, renderTemplate } from './template';
import { de } from './templates/de';
import { en } from './templates/en';
import { nl } from './templates/nl';
import { withoutIdentifiers } from './without-identifiers';
import { withoutPatient } from './without-patient';

/** Templates by type and language, as an organisation may have its own. */
export type OwnTemplates = Partial<Record<ClinicalType, Partial<Record<Language, string>>>>;

/** What is wrong with a template: which one, and what to do about it. */
export interface TemplateMistake {
  readonly type: ClinicalType;
  readonly language: Language;
  readonly problem: string;
  readonly mend: string;
}

/** The names of what a resource refers to, by the reference as it is written. */
export type Names = ReadonlyMap<string, string | undefined>;

/** What is said about a resource. */
export interface ClinicalReading {
  /** The line first, then its documents; none when there is nothing to say. */
  readonly messages: readonly MessagePart[];
  /** References whose names the line lacks. */
  readonly unnamed: readonly string[];
}

interface Settings {
  /** Those of which there are lines. */
  readonly types: readonly ClinicalType[];
  readonly language: Language;
  /** By its name in the time zone database: Europe/Amsterdam. */
  readonly timeZone: string;
  readonly own: OwnTemplates;
}

const defaults: Readonly<Record<Language, Readonly<Record<ClinicalType, string>>>> = { nl, en, de };
/** More documents than that are no message any more. */
const mostDocuments = 20;

/** Clinical resources as lines to read, for the types that an organisation wants. */
export class ClinicalLines {
  private constructor(
    private readonly templates: ReadonlyMap<ClinicalType, Template>,
    private readonly language: Language,
    private readonly local: LocalTime,
  ) {}

  /**
   * Compiles the templates of these types. Own ones are looked through in every language, whichever is spoken now.
   * @returns every mistake in own templates
   */
  static of({ types, language, timeZone, own }: Settings): ClinicalLines | readonly TemplateMistake[] {
    const mistakes = mistakesIn(own);
    if (mistakes.length > 0) return mistakes;
    const compiled = types.map((type) => [type, readTemplate(type, language, own)] as const);
    return new ClinicalLines(new Map(compiled), language, new LocalTime(language, timeZone));
  }

  /** Whether there are lines of this type. */
  has(type: ClinicalType): boolean {
    return this.templates.has(type);
  }

  /**
   * What a resource says, without whatever tells who the patient is.
   * @param names as far as they are known
   * @param identifiers of the patient, to be taken out wherever somebody has typed them
   * @throws PermanentError when a template can do nothing with this resource
   */
  read(resource: ClinicalResource, names: Names, identifiers: readonly string[]): ClinicalReading {
    const source = refOf(resource);
    const { resource: shown, identifiers: inResource } = withoutPatient(resource);
    const unnamed = new Set<string>();
    const nameOf = (reference: string): string | undefined => {
      if (reference.startsWith('#')) return nameOfContained(shown, reference);
      if (!names.has(reference)) unnamed.add(reference);
      return names.get(reference);
    };
    const line = this.render(resource.resourceType, shown, nameOf);
    if (line === undefined) return { messages: [], unnamed: [...unnamed] };
    const clean = (text: string): string => withoutIdentifiers(text, [...identifiers, ...inResource]);
    return {
      messages: [
        { part: 0, content: { msgtype: 'm.notice', body: clean(line), ...marksOf(source) } },
        ...attachmentsOf(resource)
          .slice(0, mostDocuments)
          .map((attachment, position) => documentPart(source, attachment, position, clean)),
      ],
      unnamed: [...unnamed],
    };
  }

  private render(
    type: ClinicalType,
    resource: object,
    nameOf: (reference: string) => string | undefined,
  ): string | undefined {
    const template = this.templates.get(type);
    if (!template) return undefined;
    try {
      return renderTemplate(template, resource, { language: this.language, local: this.local, nameOf });
    } catch {
      // What the engine says may quote the resource.
      throw new PermanentError('template-failed', `The template of ${type} fails on this resource`, {
        advice: 'Mend the template in clinical.templates, then replay the dead letter.',
      });
    }
  }
}

function mistakesIn(own: OwnTemplates): TemplateMistake[] {
  return clinicalTypes.flatMap((type) =>
    languages.flatMap((language) => {
      const source = own[type]?.[language];
      const compiled = source === undefined ? undefined : compileTemplate(source, type);
      if (!compiled || 'parts' in compiled) return [];
      return compiled.map((mistake) => ({ type, language, ...mistake }));
    }),
  );
}

function readTemplate(type: ClinicalType, language: Language, own: OwnTemplates): Template {
  const compiled = compileTemplate(own[type]?.[language] ?? defaults[language][type], type);
  if ('parts' in compiled) return compiled;
  throw new Error(`The default template of ${type} (${language}): ${compiled[0]?.problem}`);
}

/** The same marks as on every other message that comes from FHIR, and that it mentions nobody. */
function marksOf(source: FhirRef) {
  return { 'm.mentions': {}, [sourceField]: { type: typeOf(source), id: idOf(source) } };
}

function nameOfContained(resource: Readonly<Record<string, unknown>>, reference: string): string | undefined {
  const contained = (resource.contained ?? []) as Resource[];
  const found = contained.find(({ id }) => `#${id}` === reference);
  return found && nameOfResource(found).name;
}

function documentPart(
  source: FhirRef,
  attachment: Attachment,
  position: number,
  clean: (text: string) => string,
): MessagePart {
  const file: FileSource = fileSource(source, { contentAttachment: attachment }) ?? {};
  const title = file.title === undefined ? undefined : clean(file.title);
  return { part: position + 1, content: marksOf(source), file: { ...file, title, position } };
}
