import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, unlessStamped } from './stamp.mjs';
import { StepFailed, program, step } from './steps.mjs';

const SOURCES = 'test/hapi/server';
/** Between two words about how far the download is. */
const FILES_PER_WORD = 100;

const folderOf = (root) => join(root, '.cache/servers/hapi');
const stampOf = (root) => join(folderOf(root), '.bridge-sources');
const sourcesOf = (root) => hashOf(root, { paths: [`${SOURCES}/pom.xml`, `${SOURCES}/src`] });

/** Whether HAPI FHIR is there, made of the present sources: then nothing has to be fetched. */
export function hapiIsBuilt(root) {
  const isThere = [stampOf(root), join(folderOf(root), 'hapi-server.jar')].every((file) => existsSync(file));
  return isThere && readFileSync(stampOf(root), 'utf8') === sourcesOf(root);
}

/** Builds HAPI FHIR with all it needs; what Maven fetches it keeps where it always does (~/.m2). */
export async function prepareHapi(root) {
  if (!hapiIsBuilt(root)) rmSync(stampOf(root), { force: true });
  await unlessStamped(stampOf(root), sourcesOf(root), () =>
    step('HAPI FHIR (Maven; the first time it fetches some 300 MB)', async () => {
      const output = folderOf(root);
      rmSync(output, { recursive: true, force: true });
      const args = [
        '--batch-mode',
        '--file',
        join(root, SOURCES, 'pom.xml'),
        `-Doutput=${output}`,
        'package',
      ];
      await program('mvn package', 'mvn', args, { cwd: root, onOutput: sayHowFar() }).catch((error) => {
        throw withAdvice(error);
      });
    }),
  );
}

/** Of a failed build: without the thousand lines about what was fetched, and with what can be done. */
function withAdvice(error) {
  if (error instanceof StepFailed) {
    const lines = error.output.split('\n').filter((line) => !/^(?:\[INFO\] |Download|Progress)/.test(line));
    error.output = [
      ...lines,
      'Maven fetches HAPI FHIR from Maven Central, or from the mirror that ~/.m2/settings.xml names. Where neither can be',
      'reached, build on a machine that can, and bring its .cache/servers/hapi here.',
    ].join('\n');
  }
  return error;
}

function sayHowFar() {
  let fetched = 0;
  return (output) => {
    const before = fetched;
    fetched += output.split('Downloaded from').length - 1;
    if (Math.floor(fetched / FILES_PER_WORD) > Math.floor(before / FILES_PER_WORD)) {
      console.log(`  ${fetched} files fetched`);
    }
  };
}
