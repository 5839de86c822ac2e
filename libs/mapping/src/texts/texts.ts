import type { Language } from '@bridge/contracts';
import { de } from './de';
import { en, type Texts } from './en';
import { nl } from './nl';

const all: Readonly<Record<Language, Texts>> = { nl, en, de };

/** What the bridge says to people, in their language. */
export function textsIn(language: Language): Texts {
  return all[language];
}
