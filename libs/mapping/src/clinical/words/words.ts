import type { Language } from '@bridge/contracts';
import { de } from './de';
import { en, type Words } from './en';
import { nl } from './nl';

const all: Readonly<Record<Language, Words>> = { nl, en, de };

/** What lines about clinical resources say for codes. */
export function wordsIn(language: Language): Words {
  return all[language];
}
