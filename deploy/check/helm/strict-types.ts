import path from 'node:path';
import ts from 'typescript';
import type { KubernetesObject } from './kubernetes-object';
import { root } from './rendered-charts';

/*
 * Rendered objects against the types of the npm packages kubernetes-models and @kubernetes-models/*, which are made
 * from Kubernetes' OpenAPI description and the projects' own CRDs. Each object becomes a literal of its type: for a
 * literal TypeScript refuses a field that the type has not, at any depth, beside a missing one and one of a wrong type.
 */

/** Folder whose node_modules has the packages. */
const home = process.env.KUBERNETES_MODELS ?? root;

/** Packages of API groups that are not Kubernetes' own. */
const packages: Record<string, string> = {
  'keda.sh': '@kubernetes-models/keda',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

const cloudNativePg = 'postgresql.cnpg.io';

/** The module that has the type of an object. */
function moduleOf(apiVersion: string): string {
  const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*$/, '') : '';
  if (group === cloudNativePg) return path.join(__dirname, 'cloudnativepg-cluster');
  return `${packages[group] ?? 'kubernetes-models'}/${apiVersion}`;
}

/** The objects as a TypeScript file: one line of imports and one declaration for each. */
function sourceOf(objects: readonly KubernetesObject[]): string {
  return objects
    .map((object, index) => {
      const type = `import(${JSON.stringify(moduleOf(object.apiVersion))}).I${object.kind}`;
      return `export const object${index}: ${type} = ${JSON.stringify(object, undefined, 1)};\n`;
    })
    .join('');
}

/**
 * What is wrong with the form of these objects.
 * @returns one line for each mistake, with the object's kind and name, and the line of it that is wrong
 */
export function formMistakes(objects: readonly KubernetesObject[]): string[] {
  const file = path.join(home, 'rendered-objects.ts');
  const source = sourceOf(objects);
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => name === file || disk.fileExists(name),
    readFile: (name) => (name === file ? source : disk.readFile(name)),
    getSourceFile: (name, target, ...more) =>
      name === file ? ts.createSourceFile(name, source, target) : disk.getSourceFile(name, target, ...more),
  };
  const program = ts.createProgram([file], options, host);
  const written = program.getSourceFile(file);
  return ts
    .getPreEmitDiagnostics(program, written)
    .map(
      ({ messageText, start = 0 }) =>
        `${ownerOf(source, start)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}

/** Kind and name of the object in which a place of the source is, and the line of it. */
function ownerOf(source: string, position: number): string {
  const before = source.slice(0, position);
  const start = Math.max(0, before.lastIndexOf('export const object'));
  const declaration = source.slice(start);
  const [, kind = ''] = /^ "kind": "(.*)"/m.exec(declaration) ?? [];
  const [, name = ''] = /^ {2}"name": "(.*)"/m.exec(declaration) ?? [];
  const line = source.slice(source.lastIndexOf('\n', position) + 1, source.indexOf('\n', position)).trim();
  return `${kind} ${name}, at ${line.slice(0, 120)}`;
}
