import { explainedIn, rowsRead, tablesReadWhole, type PlanNode } from './explained-statements';

const log = `many LOG:  duration: 0.011 ms  plan:
	{
	  "Query Text": "SELECT 1\\n FROM message_link",
	  "Plan": { "Node Type": "Index Scan", "Actual Rows": 1.00, "Actual Loops": 1 }
	}
few LOG:  checkpoint starting: time
few LOG:  duration: 3.5 ms  plan:
	{
	  "Query Text": "SELECT 2",
	  "Plan": { "Node Type": "Result", "Actual Rows": 1, "Actual Loops": 1 }
	}
`;

/** A join that goes over a whole table of 4, and for each row over an index of another. */
const join: PlanNode = {
  'Node Type': 'Nested Loop',
  'Actual Rows': 2,
  'Actual Loops': 1,
  Plans: [
    {
      'Node Type': 'Seq Scan',
      'Relation Name': 'participant',
      'Actual Rows': 2,
      'Actual Loops': 1,
      'Rows Removed by Filter': 2,
    },
    {
      'Node Type': 'Bitmap Heap Scan',
      'Relation Name': 'care_team_member',
      'Actual Rows': 3,
      'Actual Loops': 2,
      'Rows Removed by Index Recheck': 1,
    },
  ],
};

describe('the log of a Postgres that explains', () => {
  it('tells each statement with its database and its plan', () => {
    const [first, second, ...more] = explainedIn(log);
    expect(first).toMatchObject({ database: 'many', text: 'SELECT 1 FROM message_link' });
    expect(first?.plan).toMatchObject({ 'Node Type': 'Index Scan' });
    expect(second).toMatchObject({ database: 'few', text: 'SELECT 2' });
    expect(more).toEqual([]);
  });
});

describe('a plan', () => {
  it('names the tables that it reads whole, at whatever depth', () => {
    expect(tablesReadWhole(join)).toEqual(['participant']);
  });

  it('counts rows that it drops, and those of each loop', () => {
    expect(rowsRead(join)).toBe(4 + 8);
  });
});
