//===- PageStyle.cpp - the style sheet of a report --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Page.h"

// Levels of a tree from the root down: --l0 to --l3. Text in a rectangle has at
// least the contrast 4.5 of WCAG 2 (level AA) on each of them.
const char *const mlir::hydragen::kStyle = R"css(:root {
  --page: #fbfbfa; --text: #1d1f23; --dim: #5f646d; --line: #d9dbdf; --box: #ffffff;
  --l0: #1f5fa8; --l1: #177a70; --l2: #7a4a9e; --l3: #99501f; --own: #d8dce3;
  --on: #ffffff; --on-own: #1d1f23; --stripe: #ffffff;
  --good: #1b6e3c; --bad: #a8321f; --calm: #5b616b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181c; --text: #e7e8ea; --dim: #a3a8b1; --line: #363a42; --box: #1d2025;
    --l0: #7fb4ee; --l1: #66c8b8; --l2: #c79bea; --l3: #eaa673; --own: #444a55;
    --on: #101317; --on-own: #f2f3f5; --stripe: #16181c;
    --good: #6fd093; --bad: #ff9d8a; --calm: #b3b8c1;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 0 0 .25rem; }
h3 { font-size: .95rem; margin: 0 0 .35rem; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
code { font: .92em ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; margin-bottom: 1rem; }
.dim, footer { color: var(--dim); font-size: .9rem; }
.defs { position: absolute; }
section { background: var(--box); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.1rem 1.25rem; margin: 1.25rem 0; }
section:target { border-color: var(--l0); box-shadow: 0 0 0 2px var(--l0); }
a { color: var(--l0); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--l0); outline-offset: 2px; border-radius: 3px; }
summary { cursor: pointer; color: var(--dim); }
details ol { margin: .4rem 0; max-height: 18rem; overflow: auto; }
nav { overflow-x: auto; margin-top: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; font-size: .9rem; }
.num { white-space: nowrap; font-variant-numeric: tabular-nums; }
.badge { display: inline-block; border: 1.5px solid currentColor; border-radius: 1em; padding: 0 .6em;
  font-size: .8rem; font-weight: 600; line-height: 1.5; vertical-align: middle; }
.badge.shared { color: var(--good); }
.badge.plain { color: var(--calm); }
.badge.refused { color: var(--bad); }
.place { color: var(--dim); margin-top: 0; }
.reason { border-left: 4px solid var(--calm); padding: .3rem .75rem; }
.reason.refused { border-color: var(--bad); }
.reason code { font-weight: 600; }
figure { margin: 1rem 0 .5rem; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 36rem; height: auto; }
svg text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--dim); }
svg text.in { fill: var(--on); text-anchor: middle; }
svg rect.own + text.in { fill: var(--on-own); }
.grid { stroke: var(--line); stroke-width: 1; }
.l0 { fill: var(--l0); background: var(--l0); }
.l1 { fill: var(--l1); background: var(--l1); }
.l2 { fill: var(--l2); background: var(--l2); }
.l3 { fill: var(--l3); background: var(--l3); }
.own { fill: var(--own); background: var(--own); }
.stripes { fill: url(#stripes); }
.stripe { stroke: var(--stripe); stroke-width: 1; fill: none; }
.who { list-style: none; padding: 0; margin: .5rem 0; }
.who li { margin: .15rem 0; overflow-wrap: anywhere; }
.chip { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .5em; }
.costs { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin-top: .75rem; }
.bars { flex: 1 1 22rem; }
.factor { color: var(--dim); font-weight: 400; }
.row { display: flex; align-items: center; gap: .6rem; font-size: .9rem; margin: .2rem 0; }
.row .name { flex: 0 0 3.6rem; color: var(--dim); }
.track { flex: 1; }
.bar { display: block; min-width: 2px; height: .9rem; border-radius: 2px; background: var(--calm); }
.bar.shared { background: var(--l0); }
.value { flex: 0 0 5.5rem; text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 2rem; }
@media print { section { break-inside: avoid; } }
)css";
