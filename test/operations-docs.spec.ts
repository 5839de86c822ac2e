import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { settings } from '@bridge/platform';
import { parse } from 'yaml';
import { projectRoot } from '../deploy/local/src/project-root';

/* What docs/operations names is there: an operator follows it to the letter, and on a bad day. */

const root = projectRoot();
const folder = join(root, 'docs/operations');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name): [name: string, text: string] => [name, readFileSync(join(folder, name), 'utf8')]);

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found!);
/** What is meant to be typed or looked up: code blocks, and code within lines. */
const codeOf = (text: string): string => {
  const blocks = all(text, /```\w*\n([\s\S]*?)```/g);
  return [...blocks, ...all(text.replace(/```[\s\S]*?```/g, ''), /`([^`\n]+)`/g)].join('\n');
};
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
const anchorsOf = (file: string): string[] => all(readFileSync(file, 'utf8'), /^#+ (.*)$/gm).map(anchorOf);

/** The commands of the program `bridge`, groups and what is in them alike. */
const commands = new Set(
  ['main.ts', 'erasure-command.ts'].flatMap((file) =>
    all(read(`apps/cli/src/${file}`), /command\('([\w-]+)'\)/g),
  ),
);
const composeFiles = readdirSync(join(root, 'deploy/compose')).filter((name) => name.endsWith('.yaml'));
const composeNames = new Set(
  composeFiles.flatMap((name) => {
    const file = parse(read(`deploy/compose/${name}`)) as { services?: object; networks?: object };
    return [...Object.keys(file.services ?? {}), ...Object.keys(file.networks ?? {})];
  }),
);
const composeProfiles = new Set(
  composeFiles.flatMap((name) => all(read(`deploy/compose/${name}`), /profiles: \[(\w+)\]/g)),
);
const environment = new Set([
  ...Object.values(settings).flatMap((section) =>
    Object.values<{ readonly env: string }>(section).map(({ env }) => env),
  ),
  ...all(read('deploy/compose/.env'), /^(\w+)=/gm),
  ...all(composeFiles.map((name) => read(`deploy/compose/${name}`)).join('\n'), /\$\{(\w+)/g),
  ...all(read('deploy/compose/backup.sh'), /\b([A-Z]+_(?:DATABASE|PASSWORD_FILE)|FOLDERS|REWIND)\b/g),
]);

it('has pages, and the table of all of them', () => {
  const [, index = ''] = pages.find(([name]) => name === 'README.md') ?? [];
  expect(pages.length).toBeGreaterThan(12);
  for (const [name] of pages) if (name !== 'README.md') expect(index).toContain(`](${name})`);
});

it('has a runbook for every alert of the chart, and for nothing else', () => {
  const alerts = parse(read('deploy/helm/fhir-matrix-bridge/files/alerts.yaml')) as { alert: string }[];
  const headings = all(read('docs/operations/runbooks.md'), /^## (\w+)$/gm);
  expect(headings.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  expect(headings.length).toBeGreaterThan(10);
});

describe.each(pages)('%s', (name, text) => {
  const code = codeOf(text);

  it('links only to what is there', () => {
    const lost = all(text, /\]\(([^)\s]+)\)/g)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const file = path === '' ? join(folder, name) : join(folder, dirname(name), path);
        if (!existsSync(file)) return true;
        return anchor !== undefined && !anchorsOf(file).includes(anchor);
      });
    expect(lost).toEqual([]);
  });

  it('names only files that there are', () => {
    const files = all(code, /(?<![\w/.-])((?:apps|deploy|docs|libs|test|prisma)\/[\w./-]*\w)/g);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('names only commands of the operator that there are', () => {
    const called = all(code, /(?<![\w/-])(?:vvt-)?bridge ((?:dead-letters|erase|queue)[\w-]*(?: [a-z]+)?)/g);
    const unknown = called.flatMap((words) => words.split(' ')).filter((word) => !commands.has(word));
    expect(unknown).toEqual([]);
  });

  it('names only settings that there are', () => {
    const named = all(
      code,
      /(?<![\w$-])((?:AUDIT|BOT|CLINICAL|DATABASE|FHIR|LOG|MATRIX|MEDIA|NATS|ORGANISATION|VVT|TURN|PEER|SYNAPSE|POSTGRES|BRIDGE)_[A-Z_]+|PEERS|REWIND|FOLDERS)\b/g,
    );
    expect(named.filter((each) => !environment.has(each))).toEqual([]);
  });

  it('names only services, networks and profiles of Compose that there are', () => {
    const named = all(code, /(?<![\w./-])(vvt-[a-z]+(?:-[a-z]+)*)(?![\w./-])/g);
    expect(named.filter((each) => !composeNames.has(each))).toEqual([]);
    const profiles = [...all(text, /profile `(\w+)`/g), ...all(code, /--profile (\w+)/g)];
    expect(profiles.filter((each) => !composeProfiles.has(each))).toEqual([]);
  });
});

describe('the table of what there is', () => {
  const rows = read('docs/operations/README.md')
    .split('\n')
    .filter((line) => /^\| .* \| +[EOD] +\|/.test(line))
    .map((line) =>
      line
        .slice(2)
        .split('|')
        .map((cell) => cell.trim()),
    );

  it('has every row of the study, with a state', () => {
    expect(rows.length).toBeGreaterThan(30);
    for (const [what, , state] of rows)
      expect({ what, state }).toEqual({
        what,
        state: expect.stringMatching(/^(works|checked|documented|missing|.*\bwork)/) as string,
      });
  });

  it('has a test for what it calls working or checked, and a page for what is documented', () => {
    const bare = rows.filter(([, , state = '', where = '', tests = '']) => {
      if (state.startsWith('missing')) return false;
      if (state.startsWith('documented')) return where === '';
      return !/spec\.ts/.test(tests);
    });
    expect(bare.map(([what]) => what)).toEqual([]);
  });
});
