import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { chartFiles } from './chart-files';

/** `npm run docs:charts`: writes the files of the charts that are made from the code. Run it at the root. */
for (const [file, content] of Object.entries(chartFiles())) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  console.log(file);
}
