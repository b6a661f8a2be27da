#!/usr/bin/env node
// Runs another implementation beside the oracle and compares the traces.
//
//   node compare.mjs --tool 'COMMAND ...' [--skip F,F...] FILE-OR-DIR...
//   node compare.mjs --differs --tool 'COMMAND ...' FILE
//
// COMMAND (split at spaces) is run with the program's path as its last
// argument and has to print the trace. The first form reports every program
// that differs and exits 1 if there is one; --skip leaves out programs using
// the named features (FORMAT.md). The second is a predicate for shrink.mjs:
// it exits 0 if the program differs, else 1.
//
// Where Node 20 and the current specification are known to differ
// (SEMANTICS.md), the trace has to be that of the current specification.

import fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import { trace, load, programsIn } from './oracle.mjs';
import { features } from './lib/format.mjs';
import { trace as model } from './model.mjs';

const args = process.argv.slice(2);
let tool, differs = false, skip = [];
const inputs = [];
for (let i = 0; i < args.length; i++) {
  if (args[i] === '--tool') tool = args[++i]?.split(' ').filter(Boolean);
  else if (args[i] === '--differs') differs = true;
  else if (args[i] === '--skip') skip = args[++i].split(',');
  else inputs.push(args[i]);
}
if (!tool?.length || !inputs.length) { console.error("usage: compare.mjs [--differs] [--skip F,F] --tool 'COMMAND' FILE-OR-DIR..."); process.exit(2); }

/** The engine's trace, or the current edition's where they differ. */
async function wanted(program) {
  const latest = model(program, 'latest');
  return latest === model(program) ? trace(program) : latest;
}

/** The first line that differs, or undefined. */
async function compare(file) {
  const want = await wanted(load(file));
  const run = spawnSync(tool[0], [...tool.slice(1), file], { encoding: 'utf8', timeout: 20000, maxBuffer: 1 << 26 });
  if (run.error) return `the tool did not run: ${run.error.message}`;
  if (run.status !== 0) return `the tool ended with ${run.signal ?? run.status}: ${run.stderr.trim().split('\n').pop()}`;
  if (run.stdout === want) return undefined;
  const a = want.split('\n'), b = run.stdout.split('\n');
  const i = a.findIndex((line, k) => line !== b[k]);
  return i < 0 ? `line ${a.length}: more than the oracle's` : `line ${i + 1}\n    oracle: ${a[i]}\n    tool:   ${b[i] ?? '(ends)'}`;
}

const files = inputs.flatMap((x) => (fs.statSync(x).isDirectory() ? programsIn(x).map(({ file }) => file) : [x]));
let bad = 0, skipped = 0;
for (const file of files) {
  if (features(load(file)).some((f) => skip.includes(f))) { skipped++; continue; }
  const difference = await compare(file);
  if (!difference) continue;
  bad++;
  if (!differs) console.log(`${file}: ${difference}`);
}
if (differs) process.exitCode = bad ? 0 : 1;
else {
  console.log(`${files.length - skipped} programs, ${bad} differ${skipped ? `, ${skipped} skipped` : ''}`);
  process.exitCode = bad ? 1 : 0;
}
