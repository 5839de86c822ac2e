import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { host } from '../host';
import { type Mount, readOnly, writable } from '../mounts';
import type { PodContainer, PodVolume, WantedPod } from './objects';
import type { Store } from './store';

const DEFAULT_MODE = 0o644;
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What the kubelet puts into a pod of an account that may call the API server. */
export interface Account {
  readonly token: string;
  readonly authority: string;
}

/** The volumes of a pod as folders of the host, by name. Files belong to the group that the pod says. */
export class PodVolumes {
  readonly #folder: string;
  readonly #group: number;
  readonly #folders = new Map<string, string>();

  constructor({ name, claims, spec }: WantedPod, store: Store, account: Account) {
    this.#folder = join(host().state, 'pods', name);
    this.#group = spec.securityContext?.fsGroup ?? 0;
    for (const volume of spec.volumes ?? []) this.#make(volume, store);
    for (const claim of claims) this.#make({ name: claim, emptyDir: {} }, store);
    if (spec.automountServiceAccountToken ?? true) {
      const { token, authority } = account;
      this.#files('account', { token, 'ca.crt': authority, namespace: 'care' }, DEFAULT_MODE);
    }
  }

  /** What a container of the pod mounts. @throws Error for a volume that the pod does not have */
  mounts({ volumeMounts = [], name }: PodContainer): Mount[] {
    const account = this.#folders.get('account');
    return [
      ...(account ? [readOnly(account, ACCOUNT)] : []),
      ...volumeMounts.map((mount) => {
        const folder = this.#folders.get(mount.name);
        if (!folder) throw new Error(`${name} mounts ${mount.name}, which its pod does not have`);
        const source = mount.subPath ? join(folder, mount.subPath) : folder;
        return (mount.readOnly ? readOnly : writable)(source, mount.mountPath);
      }),
    ];
  }

  #make(volume: PodVolume, store: Store): void {
    const { name, configMap, secret, projected, emptyDir } = volume;
    if (emptyDir) this.#chown(this.#at(name), 0o2777);
    else if (configMap) {
      this.#files(name, chosen(store.all('ConfigMap', configMap.name), configMap), configMap.defaultMode);
    } else if (secret) {
      this.#files(name, chosen(store.all('Secret', secret.secretName), secret), secret.defaultMode);
    } else if (projected) {
      const contents = projected.sources.map((source) => {
        if (source.secret) return chosen(store.all('Secret', source.secret.name), source.secret);
        if (source.configMap) return chosen(store.all('ConfigMap', source.configMap.name), source.configMap);
        throw new Error(`The volume ${name} has a source that is not known here`);
      });
      this.#files(name, Object.assign({}, ...contents) as Record<string, string>, projected.defaultMode);
    } else throw new Error(`The volume ${name} is of a kind that is not known here`);
  }

  #files(volume: string, contents: Readonly<Record<string, string>>, mode = DEFAULT_MODE): void {
    const folder = this.#at(volume);
    for (const [path, content] of Object.entries(contents)) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode: 0o600 });
      this.#chown(file, mode);
    }
    this.#chown(folder, 0o755);
  }

  #at(volume: string): string {
    const folder = join(this.#folder, volume);
    mkdirSync(folder, { recursive: true });
    this.#folders.set(volume, folder);
    return folder;
  }

  #chown(path: string, mode: number): void {
    if (host().isRoot) chownSync(path, 0, this.#group);
    chmodSync(path, mode);
  }
}

/** The named keys at their paths, or all. */
function chosen(
  content: Readonly<Record<string, string>>,
  { items }: { items?: readonly { key: string; path: string }[] },
): Record<string, string> {
  if (!items) return { ...content };
  return Object.fromEntries(
    items.map(({ key, path }) => {
      const value = content[key];
      if (value === undefined) throw new Error(`A volume asks for the key ${key}, which is not there`);
      return [path, value];
    }),
  );
}
