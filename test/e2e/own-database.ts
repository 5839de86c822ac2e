import { copyOf } from '../support/fresh-database';

// The one that only the files of this worker use, one after the other.
process.env.TEST_DATABASE_URL = copyOf(process.env.TEST_DATABASE_TEMPLATE!, process.env.JEST_WORKER_ID!);
