import type { ResourceNode } from 'fhirpath';
import { type Showing, showValue } from './show-value';

/** A FHIRPath expression, ready for use. */
export interface Expression {
  readonly source: string;
  /** What it says of a resource: each value in words, none of them blank. */
  readonly valuesOf: (resource: object, showing: Showing) => readonly string[];
}

/** What is wrong with an expression, and what to do about it. */
export interface ExpressionMistake {
  readonly problem: string;
  readonly mend: string;
}

/** Of fhirpath's syntax tree what is looked at here. */
interface Syntax {
  readonly type: string;
  readonly text?: string;
  readonly atRoot?: 1;
  readonly children?: readonly Syntax[];
}

/**
 * FHIRPath's functions (HL7 FHIRPath N1, with those that FHIR R4 adds), but for those that ask a server (`resolve`,
 * `memberOf`, …), that write to the log (`trace`), or that say something else tomorrow (`now`): the same version of a
 * resource always gives the same line. `show` and `until` are ours.
 */
const functions = new Set(
  `empty not exists all allTrue anyTrue allFalse anyFalse subsetOf supersetOf isDistinct distinct count where extension
  select coalesce repeat sum min max avg single first last type ofType is as tail take skip combine union intersect
  exclude iif toInteger toDecimal toString toDate toDateTime toTime toBoolean toQuantity hasValue convertsToBoolean
  convertsToInteger convertsToDecimal convertsToString convertsToDate convertsToDateTime convertsToTime
  convertsToQuantity indexOf substring startsWith endsWith contains upper lower replace matches replaceMatches length
  toChars join split trim abs ceiling floor round sqrt truncate children descendants show until`.split(/\s+/),
);
const constants = new Set(['resource', 'context', 'ucum', 'sct', 'loinc']);

/** Loaded where lines are wanted only: it takes a third of a second, and 25 MB. */
function fhirPath() {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const engine = require('fhirpath') as typeof import('fhirpath');
  const model = require('fhirpath/fhir-context/r4') as typeof import('fhirpath/fhir-context/r4');
  /* eslint-enable @typescript-eslint/no-require-imports */
  return { engine, model };
}

/**
 * Compiles an expression over resources of a type.
 * @returns every mistake in it that can be seen without a resource
 */
export function compileExpression(source: string, type: string): Expression | readonly ExpressionMistake[] {
  const { engine, model } = fhirPath();
  let syntax: Syntax;
  try {
    syntax = engine.parse(source) as Syntax;
  } catch (error) {
    const problem = `${quoted(source)} is no FHIRPath: ${error instanceof Error ? error.message : String(error)}`;
    return [{ problem, mend: 'see http://hl7.org/fhirpath for the language' }];
  }
  const mistakes = [...mistakesIn(syntax, source), ...unknownElements(syntax, source, type, model)];
  if (mistakes.length > 0) return mistakes;
  const evaluate = engine.compile(source, model, { resolveInternalTypes: false });
  const valuesOf = (resource: object, showing: Showing): readonly string[] => {
    const found = evaluate(resource, {}, { resolveInternalTypes: false, userInvocationTable: ours(showing) });
    return (found as unknown[]).map((value) => show(value, showing)).filter((value) => value !== '');
  };
  return { source, valuesOf };
}

/** Functions that FHIRPath does not have: a value in words, and a period from one moment to another. */
function ours(showing: Showing) {
  const inWords = (values: unknown[]) =>
    values.map((value) => show(value, showing)).filter((value) => value !== '');
  const until = ([start]: unknown[], [end]: unknown[]) => [
    showing.local.period({ start: momentOf(start), end: momentOf(end) }),
  ];
  return {
    show: { fn: inWords, arity: { 0: [] }, internalStructures: true },
    until: { fn: until, arity: { 1: ['Any' as const] }, internalStructures: true, nullable: true },
  };
}

function show(value: unknown, showing: Showing): string {
  if (isNode(value)) return showValue(value.data, value.fhirNodeDataType ?? '', showing).trim();
  // Numbers and dates that the expression itself has made.
  if (typeof value !== 'object' || value === null) return showValue(value, '', showing).trim();
  return (value as { toString(): string }).toString();
}

function momentOf(value: unknown): string | undefined {
  return isNode(value) && typeof value.data === 'string' ? value.data : undefined;
}

function isNode(value: unknown): value is ResourceNode {
  return typeof value === 'object' && value !== null && 'fhirNodeDataType' in value;
}

function mistakesIn(syntax: Syntax, source: string): ExpressionMistake[] {
  const name = syntax.text ?? '';
  const inside = (syntax.children ?? []).flatMap((each) => mistakesIn(each, source));
  if (syntax.type === 'Functn' && !functions.has(name)) {
    const problem = `${quoted(source)} calls ${name}(), which a line cannot use`;
    const mend = 'use functions that need the resource alone: no server, no log, no clock';
    return [{ problem, mend }, ...inside];
  }
  if (syntax.type === 'ExternalConstantTerm' && !constants.has(name)) {
    const mend = `there are only %${[...constants].join(', %')}`;
    return [{ problem: `${quoted(source)} uses %${name}`, mend }, ...inside];
  }
  return inside;
}

/** Elements that the type does not have, as far as they are asked for at the top: `{cod}` would be empty for ever. */
function unknownElements(
  syntax: Syntax,
  source: string,
  type: string,
  { path2Type, choiceTypePaths }: Pick<ReturnType<typeof fhirPath>['model'], 'path2Type' | 'choiceTypePaths'>,
): ExpressionMistake[] {
  const parents = [type, 'DomainResource', 'Resource'];
  const isKnown = (name: string) =>
    name === type ||
    parents.some((each) => `${each}.${name}` in path2Type || `${each}.${name}` in choiceTypePaths);
  return topElements(syntax)
    .filter((name) => !isKnown(name))
    .map((name) => ({
      problem: `${quoted(source)} asks for ${name}, which ${type} does not have in FHIR R4`,
      mend: `look up the elements of ${type}, and of what is below it the whole path`,
    }));
}

function topElements({ type, text, atRoot, children = [] }: Syntax): string[] {
  // In a function's parameters the elements are those of what it is applied to.
  if (type === 'ParamList') return [];
  if (type === 'MemberInvocation' && atRoot) return [(text ?? '').replaceAll('`', '')];
  return children.flatMap(topElements);
}

function quoted(source: string): string {
  return `{${source.length > 80 ? `${source.slice(0, 80)}…` : source}}`;
}
