import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fromDebian } from './debian.mjs';
import { hashOf, unlessStamped } from './stamp.mjs';
import { step } from './steps.mjs';

/** The one of the images' kind: containers are run from it, and the messenger proxy is measured beside it. */
const NGINX = {
  path: 'n/nginx/nginx_1.26.3-3+deb13u1_amd64.deb',
  sha256: '8a2fceeeb4ad7d0620097fe0fc007ddb4d3e399e92ec3f256c6d72943f15a899',
  file: 'usr/sbin/nginx',
};

const folderOf = (root) => join(root, '.cache/nginx');

/** Whether it can be fetched and run here: elsewhere the benchmarks do without what stands beside it. */
export function nginxRunsHere() {
  const unpacks = (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => existsSync(join(folder, 'dpkg-deb')));
  return process.platform === 'linux' && process.arch === 'x64' && unpacks;
}

/** Where `prepareNginx` puts it. */
export function nginxProgram(root) {
  return join(folderOf(root), NGINX.file);
}

export async function prepareNginx(root) {
  const folder = folderOf(root);
  const pins = hashOf(root, {
    paths: ['deploy/local/bootstrap/debian.mjs'],
    texts: [NGINX.path, NGINX.sha256],
  });
  await unlessStamped(join(folder, '.bridge-nginx'), pins, () =>
    step('nginx', async () => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await fromDebian(folder, NGINX);
    }),
  );
}
