/** What stands before a name and is no part of it, in the languages of the bridge and without its dot. */
const titles = new Set(
  'dr drs prof ir ing mr mw mevr mevrouw dhr meneer de heer mrs ms miss herr frau sr br zr'.split(' '),
);

/**
 * The initials in an avatar: of the first and of the last word of a name, in Latin capitals without marks.
 * @returns one or two letters; empty where the name has none, as in other scripts
 */
export function initialsOf(name: string): string {
  const words = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .split(/[^\p{L}.]+/u)
    .filter((word) => word !== '' && !titles.has(word.toLowerCase().replace(/\./g, '')))
    .map((word) => /[A-Z]/.exec(word)?.[0] ?? '')
    .filter((letter) => letter !== '');
  const [first = ''] = words;
  return words.length > 1 ? `${first}${words.at(-1)}` : first;
}
