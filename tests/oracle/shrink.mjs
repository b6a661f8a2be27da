#!/usr/bin/env node
// Makes a failing program small.
//
//   node shrink.mjs [--out FILE] program.json COMMAND...
//
// COMMAND, with the path of a candidate as its last argument, exits 0 if the
// candidate still shows the failure. For instance:
//
//   node shrink.mjs bad.json node compare.mjs --differs --tool ./trace-tool
//
// Candidates are made by cutting pieces out of the JSON (stretches of lists,
// optional keys, a block in place of the statement around it, a plain value in
// place of a promise, smaller numbers); those that are no longer valid
// programs are passed over. It stops when no single cut keeps the failure.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { check } from './lib/format.mjs';
import { pretty, prune } from './generate.mjs';

const BLOCKS = ['try', 'catch', 'finally', 'body', 'then', 'else'];
const isObject = (x) => x !== null && typeof x === 'object' && !Array.isArray(x);

/** The values that could stand in place of `x`, boldest cuts first. */
function* smaller(x) {
  if (Array.isArray(x)) {
    for (let size = x.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at + size <= x.length; at += size) yield [...x.slice(0, at), ...x.slice(at + size)];
    }
    for (let i = 0; i < x.length; i++) {
      if (isObject(x[i])) {
        for (const k of BLOCKS) {
          if (Array.isArray(x[i][k])) yield [...x.slice(0, i), ...x[i][k], ...x.slice(i + 1)];
        }
      }
      for (const y of smaller(x[i])) yield [...x.slice(0, i), y, ...x.slice(i + 1)];
    }
  } else if (isObject(x)) {
    for (const k of ['resolved', 'rejected', 'thenable', 'adopted', 'value', 'error']) if (k in x && !('done' in x)) yield x[k];
    for (const k of Object.keys(x)) {
      const { [k]: _, ...rest } = x;
      yield rest;
    }
    for (const k of Object.keys(x)) for (const y of smaller(x[k])) yield { ...x, [k]: y };
  } else if (typeof x === 'number' && x > 0) {
    for (const y of [0, 1, x - 1]) if (y < x) yield y;
  }
}

const sumOf = (x) => (typeof x === 'number' ? Math.abs(x) : x && typeof x === 'object' ? Object.values(x).reduce((s, y) => s + sumOf(y), 0) : 0);
const isSimpler = (a, b) => {
  const d = JSON.stringify(a).length - JSON.stringify(b).length;
  return d < 0 || (d === 0 && sumOf(a) < sumOf(b));
};

export function shrink(program, fails) {
  for (let found = true; found;) {
    found = false;
    for (const cut of smaller(program)) {
      let candidate;
      try { candidate = prune(check(cut)); } catch { continue; }
      if (!isSimpler(candidate, program) || !fails(candidate)) continue;
      program = candidate;
      found = true;
      break;
    }
  }
  return program;
}

function main() {
  const args = process.argv.slice(2);
  const out = args[0] === '--out' ? args.splice(0, 2)[1] : undefined;
  const [file, ...command] = args;
  if (!file || !command.length) { console.error('usage: shrink.mjs [--out FILE] program.json COMMAND...'); process.exit(2); }
  const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'shrink-'));
  const scratch = path.join(tmp, 'candidate.json');
  let runs = 0;
  const fails = (candidate) => {
    runs++;
    fs.writeFileSync(scratch, JSON.stringify(candidate));
    return spawnSync(command[0], [...command.slice(1), scratch], { stdio: 'ignore', timeout: 30000 }).status === 0;
  };
  const { about, ...start } = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (!fails(check(start))) { console.error('shrink: the program does not fail to begin with'); process.exitCode = 2; } else {
    const text = pretty(shrink(start, fails)) + '\n';
    if (out) fs.writeFileSync(out, text); else process.stdout.write(text);
    console.error(`shrink: ${runs} runs`);
  }
  fs.rmSync(tmp, { recursive: true });
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
