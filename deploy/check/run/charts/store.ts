import type { KubernetesObject } from '../../helm/kubernetes-object';

/** The Secrets and ConfigMaps of a namespace: those that were rendered, those that exist, those that a Job makes. */
export class Store {
  readonly #content = new Map<string, Readonly<Record<string, string>>>();

  constructor(objects: readonly KubernetesObject[]) {
    for (const object of objects) if (['Secret', 'ConfigMap'].includes(object.kind)) this.#take(object);
  }

  /** What is there before the release. */
  addSecret(name: string, content: Readonly<Record<string, string>>): void {
    this.#content.set(`Secret ${name}`, content);
  }

  /** As the API server creates a Secret. @returns whether there was none of the name */
  createSecret(object: KubernetesObject): boolean {
    if (this.#content.has(`Secret ${object.metadata.name}`)) return false;
    this.#take(object);
    return true;
  }

  /** @throws Error when there is none, as a pod would not start */
  all(kind: 'Secret' | 'ConfigMap', name: string): Readonly<Record<string, string>> {
    const content = this.#content.get(`${kind} ${name}`);
    if (!content) throw new Error(`There is no ${kind} ${name}`);
    return content;
  }

  value(kind: 'Secret' | 'ConfigMap', name: string, key: string): string {
    const value = this.all(kind, name)[key];
    if (value === undefined) throw new Error(`${kind} ${name} has no key ${key}`);
    return value;
  }

  #take({ kind, metadata, data = {}, stringData = {} }: KubernetesObject): void {
    const decoded = Object.entries(data).map(([key, value]) => [
      key,
      kind === 'Secret' ? Buffer.from(value, 'base64').toString() : value,
    ]);
    this.#content.set(`${kind} ${metadata.name}`, {
      ...(Object.fromEntries(decoded) as object),
      ...stringData,
    });
  }
}
