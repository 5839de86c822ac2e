import { writeFileSync } from 'node:fs';
import { chartFiles } from './chart-files';

/** `npm run docs:charts`: writes the files of the charts that are made from the code. Run it at the root. */
for (const [file, content] of Object.entries(chartFiles())) {
  writeFileSync(file, content);
  console.log(file);
}
