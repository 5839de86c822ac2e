import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../local/src/project-root';

/** What a target of deploy/images/Containerfile makes, as far as a container is run from it. */
export interface BuiltImage {
  /** Copied from the folder of the checkout, or of a stage, to a path in the image. */
  readonly copies: readonly { readonly stage?: string; readonly source: string; readonly target: string }[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  /** Lines that are appended to /etc/passwd. */
  readonly accounts: readonly string[];
}

interface Stage {
  readonly from: string;
  readonly instructions: readonly string[];
}

/** Reads a target, with the stages that it is made from. @throws Error when there is none of the name */
export function builtImage(target: string): BuiltImage {
  const text = readFileSync(join(projectRoot(), 'deploy/images/Containerfile'), 'utf8');
  const stages = stagesOf(text);
  const instructions = instructionsOf(stages, target);
  const last = (name: string): string | undefined =>
    instructions.findLast((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  const workingDirectory = last('WORKDIR') ?? '/';
  return {
    copies: instructions
      .filter((line) => line.startsWith('COPY '))
      .flatMap((line) => copiesOf(line, workingDirectory)),
    environment: Object.fromEntries(
      instructions.filter((line) => line.startsWith('ENV ')).flatMap((line) => pairsOf(line.slice(4))),
    ),
    workingDirectory,
    entrypoint: words(last('ENTRYPOINT')),
    command: words(last('CMD')),
    user: last('USER') ?? '0:0',
    accounts: [...text.matchAll(/echo '([^']+)' >> \/etc\/passwd/g)].map(([, line = '']) => line),
  };
}

function stagesOf(text: string): Map<string, Stage> {
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, '');
  const parts = lines.split(/^(?=FROM )/m).filter((part) => part.startsWith('FROM '));
  return new Map(
    parts.map((part) => {
      const [first = '', ...rest] = part.trim().split('\n');
      const [, from = '', name = ''] = /^FROM (\S+) AS (\S+)/.exec(first) ?? [];
      return [name, { from, instructions: rest.filter((line) => line !== '') }];
    }),
  );
}

function instructionsOf(stages: ReadonlyMap<string, Stage>, name: string): string[] {
  const stage = stages.get(name);
  if (!stage) {
    if (name === 'scratch') return [];
    throw new Error(`The Containerfile has no target ${name}`);
  }
  return [...instructionsOf(stages, stage.from), ...stage.instructions];
}

function copiesOf(line: string, workingDirectory: string): BuiltImage['copies'] {
  const given = line.split(' ').slice(1);
  const stage = given.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = given.filter((word) => !word.startsWith('--'));
  const target = paths.pop() ?? '';
  if (stage === 'trimmed') return []; // the file system of Node's image
  return paths.map((source) => ({
    stage,
    source,
    target: join(
      workingDirectory,
      target.endsWith('/') ? join(target, source.split('/').pop() ?? '') : target,
    ),
  }));
}

function pairsOf(text: string): [string, string][] {
  return [...text.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]);
}

function words(json: string | undefined): string[] {
  return json ? (JSON.parse(json) as string[]) : [];
}
