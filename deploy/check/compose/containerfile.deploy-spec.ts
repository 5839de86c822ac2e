import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { everything, program } from './compose-model';

const ROOT = join(__dirname, '..', '..', '..');
const FILE = 'deploy/images/Containerfile';
const text = readFileSync(join(ROOT, FILE), 'utf8');

/** Stages by name, each with the stage it comes from and its instructions. */
const stages = new Map(
  text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split(/^(?=FROM )/m)
    .filter((part) => part.startsWith('FROM '))
    .map((part) => {
      const [, from = '', name = ''] = /^FROM (\S+) AS (\S+)/.exec(part) ?? [];
      return [name, { from, instructions: part.trim().split('\n').slice(1) }] as const;
    }),
);

/** All instructions that an image is made by, those of the stages below it first. */
function instructionsOf(name: string): string[] {
  const stage = stages.get(name);
  return stage ? [...instructionsOf(stage.from), ...stage.instructions.filter((line) => line !== '')] : [];
}
const last = (name: string, instruction: string): string | undefined =>
  instructionsOf(name).findLast((line) => line.startsWith(`${instruction} `));

const apps = ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager'];
const jobs = ['cli', 'migrate', 'init'];
const proxy = 'messenger-proxy';

describe('the Containerfile', () => {
  it('has nothing that hadolint finds fault with', () => {
    const { status, stdout } = spawnSync(program('HADOLINT', 'hadolint'), ['--no-color', FILE], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it('is built on one pinned image', () => {
    expect(text).toMatch(
      /^ARG NODE_IMAGE=docker\.io\/library\/node:24\.\d+\.\d+-bookworm-slim(@sha256:[0-9a-f]{64})?$/m,
    );
    const bases = [...stages.values()].map(({ from }) => from).filter((from) => !stages.has(from));
    expect(new Set(bases)).toEqual(new Set(['${NODE_IMAGE}', 'scratch']));
  });

  it('installs what the lock file says, and runs no script of a package', () => {
    const installs = [...text.matchAll(/npm \w+.*/g)]
      .map(([line]) => line)
      .filter((line) => /npm (ci|i|install)/.test(line));
    expect(installs).toEqual([
      'npm ci --ignore-scripts',
      'npm ci --ignore-scripts --omit=dev --omit=optional',
    ]);
  });

  it.each([...apps, proxy, ...jobs])('makes %s, which runs as nobody known, by Node alone', (name) => {
    expect(stages.has(name)).toBe(true);
    expect(last(name, 'USER')).toBe('USER 10001:10001');
    expect(last(name, 'STOPSIGNAL')).toBe('STOPSIGNAL SIGTERM');
    expect(last(name, 'ENTRYPOINT')).toMatch(/^ENTRYPOINT \["node"/);
    expect(instructionsOf(name).join('\n')).toContain(
      `org.opencontainers.image.title="fhir-matrix-bridge ${name}"`,
    );
    for (const path of ['node_modules', 'dist/libs', 'libs/matrix'])
      expect(
        instructionsOf(name)
          .filter((line) => line.startsWith('COPY --from='))
          .join('\n'),
      ).toMatch(new RegExp(` ${path}$`, 'm'));
    const shell = instructionsOf(name).filter((line) => /^(RUN|SHELL) /.test(line));
    expect(shell).toEqual([]);
  });

  it('adds no program of others, and takes the package managers of its base away', () => {
    const instructions = [...stages.values()].flatMap((stage) => stage.instructions).join('\n');
    expect(instructions).not.toMatch(/\b(apt|apt-get|apk|dpkg|curl|wget|pip)\b|^ADD /m);
    const [, removed = ''] = /^RUN rm -rf (.*?)( #|$)/m.exec(instructions) ?? [];
    expect(removed.split(/ +/)).toEqual(
      expect.arrayContaining([
        '/usr/local/lib/node_modules',
        ...['npm', 'npx', 'corepack', 'yarn', 'yarnpkg'].map((name) => `/usr/local/bin/${name}`),
      ]),
    );
  });

  it.each([...apps, proxy, ...jobs])('has %s say what it is, and be no development build', (name) => {
    const instructions = instructionsOf(name).join('\n');
    for (const label of ['version', 'revision', 'created', 'source', 'vendor', 'licenses', 'title'])
      expect(instructions).toMatch(new RegExp(`org\\.opencontainers\\.image\\.${label}="[^"]+"`));
    expect(instructions).toMatch(/^ENV PATH=\S+ NODE_ENV=production$/m);
  });

  it.each([...apps, proxy, ...jobs])('puts no program of another into %s', (name) => {
    const own = instructionsOf(name).flatMap((line) => /dist\/apps\/([\w-]+)$/.exec(line)?.[1] ?? []);
    expect(own).toEqual(name === 'migrate' || name === 'init' ? [] : [name]);
  });

  it.each([...apps, proxy])('has %s listen on its ports alone, and tell by Node whether it lives', (name) => {
    const exposed = instructionsOf(name).filter((line) => line.startsWith('EXPOSE '));
    expect(exposed).toEqual([name === proxy ? 'EXPOSE 8090 8093 1233' : 'EXPOSE 8080']);
    expect(last(name, 'HEALTHCHECK')).toMatch(/CMD \["node", "\/app\/healthcheck\.mjs"\]$/);
    expect(last(name, 'CMD')).toBe(`CMD ["dist/apps/${name}/src/main.js"]`);
    expect(existsSync(join(ROOT, `apps/${name}/src/main.ts`))).toBe(true);
  });

  it('has the health check of the messenger proxy ask where it tells, which is not where it is called', () => {
    expect(last(proxy, 'ENV')).toBe('ENV HTTP_PORT=1233');
    const asked = readFileSync(join(ROOT, 'deploy/images/healthcheck.mjs'), 'utf8');
    expect(asked).toContain('env.HTTP_PORT || 8080');
  });

  it('gives init what it signs the federation list with, and nothing else of the messenger proxy', () => {
    const copied = instructionsOf('init').flatMap((line) => /\/app\/dist\/apps\/(\S+)/.exec(line)?.[1] ?? []);
    expect(copied).toEqual(
      ['federation-list', 'requests/server-name.js'].map((path) => `messenger-proxy/src/${path}`),
    );
  });

  it.each(jobs)('lets %s end without a health check', (name) => {
    expect(last(name, 'HEALTHCHECK')).toBe('HEALTHCHECK NONE');
    const [, script = ''] = /"(dist\/[^"]+)\.js"\]$/.exec(last(name, 'ENTRYPOINT') ?? '') ?? [];
    expect(existsSync(join(ROOT, `${script.slice('dist/'.length)}.ts`))).toBe(true);
  });

  it('copies only what .dockerignore lets through', () => {
    const let_ = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copies = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = '']) =>
      words.split(' ').slice(0, -1),
    );
    expect(copies.length).toBeGreaterThan(10);
    // Nothing else gets as far as the builder: no data of the federation, no history.
    const needed = (path: string): boolean => copies.some((each) => `${path}/`.startsWith(`${each}/`));
    expect(let_.filter((path) => !needed(path))).toEqual([]);
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8')).toMatch(/^\*$/m);
    for (const path of copies) {
      expect(existsSync(join(ROOT, path))).toBe(true);
      expect({ path, open: let_.some((each) => path === each || path.startsWith(`${each}/`)) }).toEqual({
        path,
        open: true,
      });
    }
  });

  it('has a target for everything that Compose builds', () => {
    const builds = Object.values(everything().services).flatMap(({ build }) => (build ? [build] : []));
    expect(new Set(builds.map(({ target }) => target))).toEqual(new Set([...apps, proxy, ...jobs]));
    for (const { context, dockerfile } of builds) expect(join(context, dockerfile)).toBe(join(ROOT, FILE));
  });
});
