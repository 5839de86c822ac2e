import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { charts } from './chart-files';
import type { KubernetesObject } from './kubernetes-object';

export const root = path.resolve(__dirname, '../../..');
export const namespace = 'care';

export interface Outcome {
  readonly ok: boolean;
  /** What helm said, on both streams. */
  readonly output: string;
  readonly rendered: string;
}

/** Runs helm, at the root of the repository. Its program is what HELM names, or `helm`. */
export function helm(...args: string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync(process.env.HELM ?? 'helm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (error) throw new Error(`helm did not start: set HELM to its program (${error.message})`);
  return { ok: status === 0, output: `${stdout}${stderr}`, rendered: stdout };
}

/** `helm template` of a chart with a values file of its folder ci, and more arguments such as --set. */
export function template(chart: string, values: string, ...more: string[]): Outcome {
  return helm('template', 'care', chart, '--namespace', namespace, '--values', values, ...more);
}

/** The objects in what helm rendered, read as Kubernetes reads it: as YAML 1.1. */
export function objectsOf(rendered: string): KubernetesObject[] {
  return parseAllDocuments(rendered, { version: '1.1' }).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const object = document.toJS() as KubernetesObject | null;
    return object ? [object] : [];
  });
}

export interface Variant {
  readonly chart: string;
  readonly values: string;
  /** `fhir-matrix-bridge minimal`, for messages. */
  readonly title: string;
}

/** Every values file of every chart's folder ci. */
export const variants: readonly Variant[] = Object.values(charts).flatMap((chart) =>
  readdirSync(path.join(root, chart, 'ci'))
    .filter((file) => file.endsWith('-values.yaml'))
    .map((file) => ({
      chart,
      values: path.join(chart, 'ci', file),
      title: `${path.basename(chart)} ${file.replace('-values.yaml', '')}`,
    })),
);

const rendered = new Map<string, KubernetesObject[]>();

/** The objects of a variant. Rendered once. */
export function objectsOfVariant({ chart, values, title }: Variant): KubernetesObject[] {
  const known = rendered.get(title);
  if (known) return known;
  const outcome = template(chart, values);
  if (!outcome.ok) throw new Error(outcome.output);
  const objects = objectsOf(outcome.rendered);
  rendered.set(title, objects);
  return objects;
}

/** A variant by its title. */
export function objectsOfTitle(title: string): KubernetesObject[] {
  const variant = variants.find((each) => each.title === title);
  if (!variant) throw new Error(`no variant ${title}`);
  return objectsOfVariant(variant);
}

/** For `describe.each`: title and objects of every variant. */
export const everyVariant = variants.map((variant) => [variant.title, variant] as const);
