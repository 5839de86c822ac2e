import type { Language } from '@bridge/contracts';
import type {
  Annotation,
  Attachment,
  CodeableConcept,
  Coding,
  Dosage,
  Period,
  Quantity,
  Range,
  Ratio,
  Reference,
  Timing,
} from '@medplum/fhirtypes';
import type { LocalTime } from './local-time';
import { showCode, showCoding, showConcept } from './show-concept';
import { showDosage, showTiming } from './show-dosage';
import { showQuantity, showRange, showRatio } from './show-quantity';
import { wordsIn } from './words/words';

/** For whom values are shown, and what is known of what they refer to. */
export interface Showing {
  readonly language: Language;
  readonly local: LocalTime;
  /** The name of a referenced resource, of a reference that says none itself; undefined: not known. */
  readonly nameOf: (reference: string) => string | undefined;
}

/**
 * A value in words, by its FHIR type. What is no value that a line can show gives nothing: a whole element with parts
 * of its own, and whatever names somebody by number, name or address.
 */
export function showValue(value: unknown, type: string, showing: Showing): string {
  const { language, local } = showing;
  switch (type) {
    case 'code':
      return showCode(value as string, language);
    case 'CodeableConcept':
      return showConcept(value as CodeableConcept, language);
    case 'Coding':
      return showCoding(value as Coding, language);
    case 'Quantity':
    case 'SimpleQuantity':
    case 'Age':
    case 'Count':
    case 'Distance':
    case 'Duration':
      return showQuantity(value as Quantity, language, local);
    case 'Range':
      return showRange(value as Range, language, local);
    case 'Ratio':
      return showRatio(value as Ratio, language, local);
    case 'date':
    case 'dateTime':
    case 'instant':
      return local.date(value as string);
    case 'time':
      return (value as string).slice(0, 5);
    case 'Period':
      return local.period(value as Period);
    case 'Timing':
      return showTiming(value as Timing, language, local);
    case 'Dosage':
      return showDosage(value as Dosage, language, local);
    case 'Reference':
      return showReference(value as Reference, showing);
    case 'Annotation':
      return (value as Annotation).text ?? '';
    case 'Attachment':
      return (value as Attachment).title ?? '';
    default:
      return showPrimitive(value, language, local);
  }
}

function showReference({ display, reference }: Reference, { nameOf }: Showing): string {
  return display ?? (reference === undefined ? '' : (nameOf(reference) ?? ''));
}

function showPrimitive(value: unknown, language: Language, local: LocalTime): string {
  const words = wordsIn(language);
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (typeof value === 'number') return local.number(value);
  return '';
}
