import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..');

/** Without the rules that need types, which take long. In a process of its own: ESLint loads its configuration with import(), which jest's module system refuses. */
const lintEach = `
  const { ESLint } = require('eslint');
  const cases = JSON.parse(process.argv[1]);
  (async () => {
    const { disableTypeChecked } = require('typescript-eslint').configs;
    const eslint = new ESLint({ overrideConfig: disableTypeChecked });
    const found = [];
    for (const [filePath, text] of cases) {
      const [{ messages }] = await eslint.lintText(text, { filePath });
      found.push(messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports').length);
    }
    console.log(JSON.stringify(found));
  })();
`;

async function violations(cases: readonly (readonly [file: string, text: string])[]): Promise<number[]> {
  const args = ['-e', lintEach, JSON.stringify(cases)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return JSON.parse(stdout) as number[];
}

describe('the lint rule for import directions', () => {
  it('refuses every arrow that the architecture does not have', async () => {
    const refused = [
      ['libs/mapping/src/period.ts', "import '@bridge/persistence';"],
      ['libs/mapping/src/period.ts', "import '@bridge/platform';"],
      ['libs/mapping/src/period.ts', "import 'undici';"],
      ['libs/mapping/src/period.ts', "import 'node:fs/promises';"],
      ['libs/contracts/src/ids.ts', "import '@bridge/mapping';"],
      ['libs/queue/src/subject.ts', "import '@bridge/matrix';"],
      ['libs/fhir/src/fhir-client.ts', "import '../../persistence/src/database';"],
      ['libs/matrix/src/rooms.ts', "import '../../../apps/room-manager/src/inviter';"],
      ['apps/room-manager/src/inviter.ts', "import '../../as-ingress/src/main';"],
      ['apps/as-ingress/src/main.ts', "import '@bridge/fhir';"],
      ['apps/as-ingress/src/main.ts', "import '../../../deploy/local/src/stack';"],
    ] as const;
    expect(await violations(refused)).toEqual(refused.map(() => 1));
  }, 60_000);

  it('lets the arrows pass that it has', async () => {
    const allowed = [
      ['libs/mapping/src/period.ts', "import '@bridge/contracts';"],
      ['libs/queue/src/subject.ts', "import '@bridge/platform';"],
      ['apps/room-manager/src/inviter.ts', "import '@bridge/matrix';"],
      ['apps/fhir-mapper/src/pull-reader.ts', "import '@bridge/fhir';"],
    ] as const;
    expect(await violations(allowed)).toEqual(allowed.map(() => 0));
  }, 60_000);
});
