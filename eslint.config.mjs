import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Which libraries each part may import: the arrows of docs/architecture.md. Nothing imports an app. */
export const mayImport = {
  'libs/contracts': [],
  'libs/platform': ['contracts'],
  'libs/mapping': ['contracts'],
  'libs/queue': ['contracts', 'platform'],
  'libs/matrix': ['contracts', 'platform'],
  'libs/fhir': ['contracts', 'platform'],
  'libs/persistence': ['contracts', 'platform'],
  'libs/certificates': [],
  'libs/signed-json': [],
  'libs/audit': ['contracts', 'platform', 'mapping', 'queue', 'fhir', 'persistence'],
  'apps/as-ingress': ['contracts', 'platform', 'queue', 'mapping', 'matrix', 'persistence'],
  'apps/fhir-ingress': ['contracts', 'platform', 'queue'],
  'apps/fhir-mapper': ['contracts', 'platform', 'queue', 'mapping', 'fhir', 'matrix', 'persistence', 'audit'],
  'apps/messenger-proxy': ['contracts', 'platform', 'queue', 'persistence', 'certificates', 'signed-json'],
  'apps/cli': ['contracts', 'platform', 'queue', 'mapping', 'persistence', 'audit', 'signed-json'],
  'apps/room-manager': [
    'contracts',
    'platform',
    'queue',
    'mapping',
    'fhir',
    'matrix',
    'persistence',
    'audit',
  ],
};

const libraries = [
  'contracts',
  'platform',
  'mapping',
  'queue',
  'matrix',
  'fhir',
  'persistence',
  'audit',
  'certificates',
  'signed-json',
];

/** `mapping` and `contracts` are pure: no I/O module, no framework. */
const inputOutput = [
  'node:fs*',
  'node:net',
  'node:http*',
  'node:child_process',
  'undici',
  'nats',
  'pg',
  'matrix-bot-sdk',
  '@nestjs/*',
  '@prisma/*',
];
const apps = Object.keys(mayImport).filter((folder) => folder.startsWith('apps/'));
const sourcesOf = (app) => `**/${app.slice('apps/'.length)}/src/**`;
const pure = new Set(['libs/contracts', 'libs/mapping']);

const importRules = Object.entries(mayImport).map(([folder, allowed]) => {
  const own = folder.startsWith('libs/') ? [folder.slice('libs/'.length)] : [];
  const refused = libraries.filter((library) => !allowed.includes(library) && !own.includes(library));
  return {
    files: [`${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...refused.map((library) => ({
              group: [`@bridge/${library}`, `**/${library}/src`, `**/${library}/src/**`],
              message: `${folder} may import only: ${allowed.join(', ') || 'nothing of ours'}.`,
            })),
            {
              group: ['**/apps/**', ...apps.filter((app) => app !== folder).map(sourcesOf)],
              message: 'Nothing imports an app.',
            },
            {
              group: ['**/deploy/**', '**/test/**'],
              message: 'The product does not import its tests or its deployment.',
            },
            ...(pure.has(folder) ? [{ group: inputOutput, message: `${folder} does no I/O.` }] : []),
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  {
    ignores: ['dist/', '.cache/', 'coverage/', '**/src/generated/', 'libs/matrix/*-shim/'],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/require-await': 'off',
    },
  },
  ...importRules,
  {
    files: ['apps/fhir-mapper/src/**/*.ts'],
    ignores: ['apps/fhir-mapper/src/audited-record.ts', '**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[object.property.name="fhir"][property.name=/^(createOnce|update|change)$/]',
          message: 'What is written into the record is told in the audit: write through AuditedRecord.',
        },
      ],
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        module: 'writable',
        require: 'readonly',
        fetch: 'readonly',
        __dirname: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  prettier,
);
