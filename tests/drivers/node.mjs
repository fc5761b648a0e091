// node's pg: its own implementation of the protocol.
import { createRequire } from "node:module";

const require = createRequire(process.env.DRIVERS_MODULES + "/");
const { Client } = require("pg");
const session = process.env.DRIVERS_MODE === "session";
let failed = 0;

async function check(name, work, when = true) {
  if (!when) return;
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}: ${String(error.message ?? error).slice(0, 300)}`);
  }
}

async function connected(work, more = {}) {
  const client = new Client({ connectionTimeoutMillis: 15000, ...more });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function same(got, expected) {
  if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(got)} is not ${JSON.stringify(expected)}`);
}

await check("connect", () => connected(async (client) => same((await client.query("select 1 as a")).rows, [{ a: 1 }])));
await check("prepare", () => connected((one) => connected(async (two) => {
  for (let i = 0; i < 200; i++)
    for (const client of [one, two])
      same((await client.query({ name: "add", text: "select $1::int + 1 as a", values: [i] })).rows[0].a, i + 1);
})));
await check("batch", () => connected(async (client) => {
  const results = await Promise.all(Array.from({ length: 500 }, (_, i) => client.query("select $1::int as a", [i])));
  same(results.map((result) => result.rows[0].a), Array.from({ length: 500 }, (_, i) => i));
  same((await client.query("select 1 as a; select 2 as a")).map((result) => result.rows[0].a), [1, 2]);
}));
await check("errors", () => connected(async (client) => {
  const error = await client.query("select 1/$1::int", [0]).catch((caught) => caught);
  same(error.code, "22012");
  same((await client.query("select $1::text as a", ["still here"])).rows[0].a, "still here");
}));
await check("cancel", () => connected(async (client) => {
  const sleeping = client.query("select pg_sleep(30)").catch((caught) => caught);
  const canceller = new Client();
  canceller.on("error", () => {});
  setTimeout(() => canceller.cancel(client, client.activeQuery ?? client._activeQuery), 500);
  same((await sleeping).code, "57014");
  same((await client.query("select 1 as a")).rows[0].a, 1);
}));
await check("large rows", () => connected(async (client) => {
  const text = "x".repeat(20_000_000);
  same((await client.query("select $1::text as a", [text])).rows[0].a === text, true);
}));
await check("notify", () => connected((listening) => connected(async (speaking) => {
  const heard = new Promise((resolve, reject) => {
    listening.on("notification", resolve);
    setTimeout(() => reject(new Error("nothing heard")), 15000).unref();
  });
  await listening.query("listen drivers");
  await speaking.query("select pg_notify('drivers', 'said')");
  same((await heard).payload, "said");
})), session);
await check("tls", () => connected(async (client) => same((await client.query("select 1 as a")).rows[0].a, 1), {
  ssl: { rejectUnauthorized: false },
}), process.env.DRIVERS_TLS === "1");
process.exit(failed ? 1 : 0);
