#!/usr/bin/env node
// Runs random programs through trace-tool and through Node, many at a time.
//
//   node random.mjs --tool './trace-tool' [--tool './trace-tool --callbacks']
//                   [--seed S] [--count N] [--profiles P,P...]
//
// N programs of each profile (default: 100 of each of the ten), K-th of the
// series S (default: fresh), as generate.mjs makes them, but those on which
// Node 20 and the current edition differ are kept, and the current edition's
// trace is wanted of them. Each tool gets them on its standard input, by
// --stream. A program that differs is made small and printed; exit status 1.
// A tool may answer `unsupported: ...`; such programs are counted.

import { spawnSync } from 'node:child_process';
import { program, pretty, PROFILES } from './generate.mjs';
import { trace } from './oracle.mjs';
import { trace as model } from './model.mjs';
import { shrink } from './shrink.mjs';

const CHUNK = 500;

const opt = { tool: [], seed: String(Date.now() % 1e9), count: '100', profiles: Object.keys(PROFILES).join(',') };
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i += 2) {
  const key = args[i].replace(/^--/, '');
  if (!(key in opt) || args[i + 1] === undefined) { console.error(`random.mjs: what is ${args[i]}?`); process.exit(2); }
  if (key === 'tool') opt.tool.push(args[i + 1].split(' ').filter(Boolean));
  else opt[key] = args[i + 1];
}

/** The traces of a list of programs, as far as the tool came, and how it ended. */
function run(tool, programs) {
  const input = programs.map((p) => JSON.stringify(p) + '\n').join('');
  const out = spawnSync(tool[0], [...tool.slice(1), '--stream'], { input, encoding: 'utf8', timeout: 120000, maxBuffer: 1 << 30 });
  const traces = (out.stdout ?? '').split('\n\n').slice(0, -1).map((t) => t + '\n');
  const end = out.error?.message ?? (out.status === 0 ? undefined : `${out.signal ?? out.status}: ${out.stderr.trim().split('\n').pop()}`);
  return { traces, end };
}

async function wanted(p) {
  const latest = model(p, 'latest');
  return latest === model(p) ? trace(p) : latest;
}

function firstDifference(want, got) {
  const a = want.split('\n'), b = got.split('\n');
  const i = a.findIndex((line, k) => line !== b[k]);
  return `line ${i + 1}\n    wanted: ${a[i]}\n    tool:   ${b[i] ?? '(ends)'}`;
}

function report(tool, p, name, what) {
  const differs = (q) => {
    const { traces } = run(tool, [q]);
    return traces[0] !== model(q, 'latest') && !traces[0]?.startsWith('unsupported');
  };
  console.log(`${name}, ${tool.join(' ')}: ${what}`);
  console.log(differs(p) ? pretty(shrink(p, differs)) : pretty(p));
}

let total = 0, bad = 0, unsupported = 0;
for (const profile of opt.profiles.split(',')) {
  for (let at = 0; at < Number(opt.count); at += CHUNK) {
    const programs = [], want = [];
    for (let k = at; k < Math.min(at + CHUNK, Number(opt.count)); k++) {
      programs.push(program(opt.seed, profile, k, { deviations: true }));
      want.push(await wanted(programs[programs.length - 1]));
    }
    total += programs.length;
    for (const tool of opt.tool) {
      const { traces, end } = run(tool, programs);
      for (let i = 0; i < programs.length && bad < 5; i++) {
        const name = `${profile}-${opt.seed}-${at + i}`;
        if (traces[i] === want[i]) continue;
        if (traces[i]?.startsWith('unsupported')) { unsupported++; continue; }
        bad++;
        report(tool, programs[i], name, traces[i] === undefined ? `the tool ended: ${end}` : firstDifference(want[i], traces[i]));
        if (traces[i] === undefined) break;
      }
    }
  }
}
console.log(`seed ${opt.seed}: ${total} programs, ${bad} differ${unsupported ? `, ${unsupported} unsupported` : ''}`);
process.exitCode = bad ? 1 : 0;
