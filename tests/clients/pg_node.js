// A metric by node's `pg`, as CSV: URL FROM TO BY.
const { Client } = require('pg');
const [url, from, to, by] = process.argv.slice(2);
const cell = (value) => (value === null ? '' : /[",\n]/.test(String(value)) ? `"${String(value).replace(/"/g, '""')}"` : String(value));
(async () => {
  const client = new Client({ connectionString: url });
  await client.connect();
  const rows = await client.query({ text: `SELECT * FROM metric.lead_quality($1, $2, '${by}')`, values: [from, to], rowMode: 'array' });
  console.log(rows.fields.map((field) => field.name).join(','));
  rows.rows.forEach((row) => console.log(row.map(cell).join(',')));
  await client.end();
})().catch((error) => { console.error(error); process.exit(1); });
