// What Node's async generators cost: the rows of runtime.c.  node --expose-gc runtime.mjs
const VALUES = 300_000, TURNS = 30_000, ROUNDS = 5, CHAIN = 8;
let taken = 0;

async function* ready(n) { for (let i = 0; i < n; i++) yield i; }
async function* tick(n) { for (let i = 0; i < n; i++) { await undefined; yield i; } }
const turned = () => new Promise(resolve => setImmediate(resolve));
async function* turn(n) { for (let i = 0; i < n; i++) { await turned(); yield i; } }
async function* pass(source) { for await (const value of source) yield value; }
function* syncReady(n) { for (let i = 0; i < n; i++) yield i; }

async function measure(what, n, run) {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.hrtime.bigint();
    await run(n);
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / n);
  }
  console.log(`${what}\t${best.toFixed(1)}`);
}
const loop = source => async n => { for await (const value of source(n)) taken += value; };

const take = value => { taken += value; };
let callback = take;
await measure("callback", VALUES, n => { for (let i = 0; i < n; i++) callback(i); });
await measure("sync", VALUES, n => { for (const value of syncReady(n)) taken += value; });
await measure("ready", VALUES, loop(ready));
await measure("queued", VALUES, n => Promise.all([loop(ready)(n / 2), loop(ready)(n / 2)]));
await measure("tick", VALUES, loop(tick));
await measure("turn", TURNS, loop(turn));
for (let i = 1; i <= CHAIN; i++)
  await measure(`chain${i}`, VALUES / 10, loop(n => {
    let source = ready(n);
    for (let k = 0; k < i; k++) source = pass(source);
    return source;
  }));

// Begun and suspended at a yield.
if (globalThis.gc) {
  const many = 20_000, kept = [];
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < many; i++) { kept.push(ready(10)); await kept[i].next(); }
  globalThis.gc();
  console.log(`generator_allocated\t${Math.round((process.memoryUsage().heapUsed - before) / many)}`);
  if (kept.length + taken === 0) process.exit(1);
}
