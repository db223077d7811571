/** Broken rules of horizons and pins: the world stands for the engine here, in whose order it looks at them. */
import type { Mutant } from './mutant.ts';

const COMPACTOR = 'sim/history/compactor.js';
const WORLD = 'sim/history/world.js';

const HORIZON = 'a job uses a horizon that is in the head, and reads the pins after it';
const PINS = 'a pin holds everything until its time, which is at or above the horizon, is written';

/** See the module. */
export const TIME_MUTANTS: readonly Mutant[] = [
  {
    name: 'the horizon is committed together with the drop',
    rule: HORIZON,
    edits: [
      {
        file: WORLD,
        find: "case 'truncate':\n                this.#moveHorizon(this.#shardAt(step.shard), step.step);",
        replace: "case 'truncate':",
      },
      {
        file: WORLD,
        find: 'return compactor.look(step.shard, step.choice)',
        replace: 'return compactor.look(step.shard, step.choice, step.step)',
      },
      { file: COMPACTOR, find: 'look(shard, choice) {', replace: 'look(shard, choice, ahead = 0) {' },
      {
        file: COMPACTOR,
        find: 'const state = [...this.#view.values()][shard % this.#view.size];',
        replace: `const newest = [...this.#view.values()][shard % this.#view.size];
        const state = { ...newest, horizon: Math.min(Math.max(newest.upper, newest.floor), newest.horizon + ahead) };`,
      },
      {
        file: COMPACTOR,
        find: 'const next = { ...state,',
        replace: 'const next = { ...state, horizon: Math.max(state.horizon, planned.horizon),',
      },
    ],
  },
  {
    name: 'pins are read before the horizon',
    rule: HORIZON,
    edits: [
      {
        file: COMPACTOR,
        find: 'this.#look = { state, strategy };',
        replace: 'this.#look = { state, strategy, pins: this.#registers.pins(state.number) };',
      },
      {
        file: COMPACTOR,
        find: 'const pins = this.#registers.pins(look.state.number);',
        replace: `const { pins } = look;
        this.refresh();
        look.state = this.#view.get(look.state.number) ?? look.state;`,
      },
    ],
  },
  {
    name: 'a pin below the horizon is accepted',
    rule: PINS,
    edits: [{ file: WORLD, find: 'const lowest = shard.horizon;', replace: 'const lowest = 0;' }],
  },
  {
    name: 'a pin is made without holding everything first',
    rule: PINS,
    edits: [{ file: WORLD, find: 'if (this.#taking.length > 0)', replace: 'if (false)' }],
  },
  {
    name: 'children of a split begin without the horizon',
    rule: 'children of a split go on where their parent ended',
    edits: [
      {
        file: 'sim/history/shard.js',
        find: '...parent,\n        number: of,',
        replace: '...parent,\n        horizon: 0,\n        number: of,',
      },
    ],
  },
];
