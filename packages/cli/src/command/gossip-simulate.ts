/** `clortho gossip simulate`: how fast news and deaths travel in a cluster of any size, in one process. */
import { type ExperimentReport, runExperiment } from '@clortho/gossip/simulation';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseCount } from '../input/count.ts';
import { lineChart } from '../output/chart.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { renderTable } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

interface SimulateOptions extends GlobalOptions {
  readonly nodes: number;
  readonly loss: number;
  readonly delay: number;
  readonly seconds: number;
  readonly seed: number;
  readonly pausing: number;
}

const CHART_HEIGHT = 10;
const CHART_MARGIN = 12;
const CURVE_STEP_MS = 10;

/** Returns the command. */
export function gossipSimulateCommand(context: CommandContext): Command {
  return new Command('simulate')
    .description('Simulate a cluster: a rumour after a sixth of the time, a crash after a third.')
    .addOption(new Option('--nodes <count>', 'how many nodes').argParser(parseCount(2)).default(1000))
    .addOption(new Option('--loss <part>', 'lost datagrams, 0 to 1').argParser(parsePart).default(0.1))
    .addOption(new Option('--delay <ms>', 'the least delay of a packet').argParser(parseCount(0)).default(1))
    .addOption(new Option('--seconds <count>', 'simulated seconds').argParser(parseCount(1)).default(30))
    .addOption(
      new Option('--pausing <part>', 'nodes that stand still now and then').argParser(parsePart).default(0),
    )
    .addOption(
      new Option('--seed <number>', 'equal seeds give equal runs').argParser(parseCount(0)).default(1),
    )
    .action((_, self: Command) => simulate(context, self));
}

function simulate({ terminal }: CommandContext, command: Command): void {
  const options = command.optsWithGlobals<SimulateOptions>();
  const { nodes, loss, delay, seconds, seed, pausing } = options;
  const report = runExperiment({
    nodes,
    seconds,
    seed,
    pausing,
    link: { loss, delayMs: delay },
    rumourAtMs: (seconds * 1000) / 6,
    crashAtMs: (seconds * 1000) / 3,
  });
  terminal.line(
    options.json === true ? JSON.stringify({ ...report, loss }) : render(terminal, report, options),
  );
}

function render(terminal: Terminal, report: ExperimentReport, { loss }: SimulateOptions): string {
  const ms = (value: number | undefined): string =>
    value === undefined ? 'never' : `${formatCount(value)} ms`;
  const rows = [
    ['rumour known by half', ms(report.rumourHalfMs)],
    ['rumour known by all', ms(report.rumourAllMs)],
    ['crash suspected by the first', ms(report.suspectFirstMs)],
    ['crash suspected by all', ms(report.suspectAllMs)],
    ['crash: dead for all', ms(report.deadAllMs)],
    ['healthy nodes suspected', formatCount(report.falseSuspects)],
    ['healthy nodes thought dead', formatCount(report.falseDeaths)],
    ['idle, per node and second', formatBytes(report.idleBytesPerSecond)],
    ['most of a node in a second', formatBytes(report.bytesPerSecondMax)],
  ];
  const columns = [{ title: 'what' }, { title: 'measured', align: 'right' as const }];
  const curve = report.rumourCurve;
  const width = Math.max(20, terminal.columns - CHART_MARGIN);
  const title = `nodes that know the rumour, over ${formatCount((curve.length - 1) * CURVE_STEP_MS)} ms`;
  const chart = curve.length < 2 ? [] : ['', title, lineChart(curve, width, CHART_HEIGHT)];
  const head = `${formatCount(report.nodes)} nodes, ${loss * 100} % loss, seed ${report.seed}`;
  return [head, '', renderTable(terminal, columns, rows), ...chart].join('\n');
}

function parsePart(text: string): number {
  const part = Number(text);
  if (text !== '' && part >= 0 && part <= 1) return part;
  throw new InvalidArgumentError(`expected a number from 0 to 1, got ${JSON.stringify(text)}.`);
}
