import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ofKind, titleOf, workloadsOf, type KubernetesObject } from './kubernetes-object';
import { everyVariant, objectsOfVariant, root } from './rendered-charts';

/** Every `{value}` of a credential in a values file; `{name, value}` is a variable. */
function literalsOf(values: unknown): string[] {
  if (typeof values !== 'object' || values === null || 'name' in values) return [];
  return Object.entries(values).flatMap(([key, value]: [string, unknown]) =>
    key === 'value' && typeof value === 'string' ? [value] : literalsOf(value),
  );
}

/** What a literal that looks like one may be named. */
const secretName = /token|secret|password|passwd|api_?key|private_?key|encryption/i;
const harmless = /_FILE$|_file$|_path$|^SECRETS$/;

function secretsMade(objects: readonly KubernetesObject[]): Map<string, string[]> {
  return new Map(
    ofKind(objects, 'Secret').map(({ metadata, data, stringData }) => [
      metadata.name,
      Object.keys({ ...data, ...stringData }),
    ]),
  );
}

describe.each(everyVariant)('Secrets of %s', (_, variant) => {
  const objects = objectsOfVariant(variant);
  const literals = literalsOf(parse(readFileSync(path.join(root, variant.values), 'utf8'))).filter(
    (value) => value.length > 15,
  );

  it('are nowhere but in Secrets', () => {
    for (const object of objects.filter(({ kind }) => kind !== 'Secret'))
      for (const literal of literals)
        expect(`${titleOf(object)} ${JSON.stringify(object)}`).not.toContain(literal);
  });

  it('are no Secrets where there is no {value}', () => {
    if (literals.length === 0)
      for (const { stringData } of ofKind(objects, 'Secret'))
        expect(Object.keys(stringData ?? {}).filter((key) => secretName.test(key))).toEqual([]);
  });

  it('come into a variable by reference alone', () => {
    for (const { title, containers } of workloadsOf(objects))
      for (const { env = [] } of containers)
        for (const { name, value } of env)
          if (secretName.test(name) && !harmless.test(name))
            expect({ title, name, value }).toEqual({ title, name, value: undefined });
  });

  it('are not in the arguments, but as a variable', () => {
    for (const { pod } of workloadsOf(objects))
      for (const container of pod.spec.containers as { args?: string[]; command?: string[] }[])
        for (const argument of [...(container.command ?? []), ...(container.args ?? [])])
          expect(argument).not.toMatch(/(password|secret|token)=[^$]/i);
  });

  it('exist with the keys that are read, where the chart makes them', () => {
    const made = secretsMade(objects);
    for (const { title, pod, containers } of workloadsOf(objects)) {
      const read = [
        ...containers.flatMap(({ env = [] }) =>
          env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
        ),
        ...(pod.spec.volumes ?? []).flatMap(({ projected, secret }) => [
          ...(projected?.sources ?? []).flatMap((source) =>
            (source.secret?.items ?? []).map(({ key }) => ({ name: source.secret?.name ?? '', key })),
          ),
          ...(secret?.items ?? []).map(({ key }) => ({ name: secret?.secretName ?? '', key })),
        ]),
      ];
      for (const { name, key } of read) {
        const keys = made.get(name);
        if (keys)
          expect({ title, name, keys }).toMatchObject({ keys: expect.arrayContaining([key]) as string[] });
        else expect(name).not.toMatch(/^care-fhir-matrix-bridge(-migrate)?$|^care-.*-values$/);
      }
    }
  });

  it('are not in the values of the repository, but as examples that say so', () => {
    for (const literal of literals) expect(literal).toMatch(/example|ZXhhbXBsZS|\.svc$/);
  });
});
