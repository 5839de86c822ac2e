import { languages } from '@bridge/contracts';
import { textsIn } from './texts';

/** What may be the same in two languages: names, and what a command is written with. */
const international = /^(names\.patient|bot\.commands\.\w+\.words|bot\.permissions\.\w+|bot\.languageName)$/;

/** Every text by its path. A function is asked with each argument's place, so that a text that drops one is seen. */
function texts(value: unknown, path: string[] = []): [path: string, text: string][] {
  if (typeof value === 'string') return [[path.join('.'), value]];
  if (typeof value === 'function') {
    const details = new Proxy({ [Symbol.toPrimitive]: () => '«0»' }, { get: getDetail });
    return [[path.join('.'), String((value as (...args: unknown[]) => string)(details, '«1»'))]];
  }
  return Object.entries(value as object).flatMap(([key, each]) => texts(each, [...path, key]));
}

function getDetail(target: object, key: string | symbol): unknown {
  return Reflect.get(target, key) ?? (typeof key === 'string' ? `«${key}»` : undefined);
}

const all = Object.fromEntries(languages.map((language) => [language, new Map(texts(textsIn(language)))]));
const english = all.en!;

describe.each(languages)('the texts in %s', (language) => {
  const these = all[language]!;

  it('are complete', () => {
    expect([...these.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('say something', () => {
    const empty = [...these].filter(
      ([path, text]) => text.trim() === '' && !/commands\.\w+\.words$/.test(path),
    );
    expect(empty).toEqual([]);
  });

  it('say it in that language', () => {
    const others = languages.filter((each) => each !== language).map((each) => all[each]!);
    const same = [...these].filter(
      ([path, text]) => !international.test(path) && others.some((other) => other.get(path) === text),
    );
    expect(same).toEqual([]);
  });

  it('hold the same values as in English', () => {
    const valuesOf = (text: string) => [...new Set(text.match(/«\w+»/g) ?? [])].sort();
    const differing = [...these].filter(
      ([path, text]) => valuesOf(text).join() !== valuesOf(english.get(path) ?? '').join(),
    );
    expect(differing).toEqual([]);
  });
});
